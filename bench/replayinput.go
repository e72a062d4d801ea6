package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// The same requests in the formats of all contenders.
const (
	recordingFolder = "recording"
	vegetaFile      = "targets.json"
	goReplayFile    = "requests.gor"
	wrkFile         = "wrk.lua"
)

// requestBytes is how large the recorded requests' bodies are.
const requestBytes = 1024

// writeRequests writes n recorded requests to dir, for a server at address.
func writeRequests(ctx context.Context, dir, address string, n int) error {
	location := filepath.Join(dir, recordingFolder)
	if err := writeRecording(ctx, location, n, requestBytes); err != nil {
		return err
	}
	rec, err := dataset.OpenRecording(ctx, location)
	if err != nil {
		return err
	}
	splits, err := rec.Splits(ctx)
	if err != nil {
		return err
	}
	targets, closeTargets, err := create(filepath.Join(dir, vegetaFile))
	if err != nil {
		return err
	}
	requests, closeRequests, err := create(filepath.Join(dir, goReplayFile))
	if err != nil {
		return errors.Join(err, closeTargets())
	}
	last := exchange.Request{}
	for _, s := range splits {
		src, err := rec.Source(ctx, s, exchange.RequestSide)
		if err != nil {
			return err
		}
		err = dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
			last = e.Request
			return errors.Join(writeTarget(targets, address, e), writeGoReplay(requests, address, e))
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(closeTargets(), closeRequests(), writeWrk(filepath.Join(dir, wrkFile), &last))
}

func create(name string) (*bufio.Writer, func() error, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return w, func() error { return errors.Join(w.Flush(), f.Close()) }, nil
}

// writeTarget writes a line of vegeta's JSON format.
func writeTarget(w *bufio.Writer, address string, e *exchange.Exchange) error {
	fields, err := exchange.DecodeHeaders(e.Request.Headers)
	if err != nil {
		return err
	}
	header := map[string][]string{}
	for _, f := range fields {
		header[f.Name] = append(header[f.Name], f.Value)
	}
	return json.NewEncoder(w).Encode(map[string]any{
		"method": e.Request.Method, "url": "http://" + address + e.Request.Path, "header": header, "body": e.Request.Body,
	})
}

// writeGoReplay writes a record of GoReplay's file format: a line of type, id,
// time and duration, the request as it is on the wire, and a line of monkeys.
// All have one time, so that none is waited for.
func writeGoReplay(w *bufio.Writer, address string, e *exchange.Exchange) error {
	fmt.Fprintf(w, "1 %x 1000000000 0\n%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", e.ID[4:], e.Request.Method, e.Request.Path, address, len(e.Request.Body))
	fields, err := exchange.DecodeHeaders(e.Request.Headers)
	for _, f := range fields {
		fmt.Fprintf(w, "%s: %s\r\n", f.Name, f.Value)
	}
	fmt.Fprintf(w, "\r\n%s\n🐵🙈🙉\n", e.Request.Body)
	return err
}

// writeWrk writes a script that has wrk send the same request for ever.
func writeWrk(name string, r *exchange.Request) error {
	fields, err := exchange.DecodeHeaders(r.Headers)
	if err != nil {
		return err
	}
	script := fmt.Sprintf("wrk.method = %q\nwrk.path = %q\nwrk.body = %q\n", r.Method, r.Path, r.Body)
	for _, f := range fields {
		script += fmt.Sprintf("wrk.headers[%q] = %q\n", f.Name, f.Value)
	}
	return os.WriteFile(name, []byte(script), 0o644)
}
