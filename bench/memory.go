package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

const (
	largeBody  = 8 << 20
	largeEvery = 100 // of so many requests one is large, and another one's answer
	wantsLarge = "a large answer, please"
	mostMemory = 300 // MiB, at any pace
)

// memoryMain measures what `parity replay` takes of memory at each pace, where
// bodies of 8 MiB that don't compress are among those of thousands of models. It
// fails where that is more than it may be.
func memoryMain(ctx context.Context, args []string) error {
	flag := flag.NewFlagSet("bench memory", flag.ExitOnError)
	n := flag.Int("exchanges", 20_000, "how many exchanges to send")
	models := flag.Int("models", 4000, "and of how many models")
	parity := flag.String("parity", "bin/parity", "the binary to measure")
	only := flag.String("generate", "", "write the recording to this folder, and measure nothing")
	serve := flag.Bool("serve", false, "be the server, and measure nothing")
	flag.Parse(args)
	switch {
	case *serve:
		return serveLarge()
	case *only != "":
		return largeExchanges(ctx, *only, *n, *models)
	}
	dir, err := os.MkdirTemp("", "parity-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := again(ctx, "memory", "-generate", dir+"/recording", "-exchanges", fmt.Sprint(*n), "-models", fmt.Sprint(*models)); err != nil {
		return err
	}
	s, err := startServer(ctx, "memory", "-serve")
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Printf("%d exchanges of %d models, one in %d with a request of 8 MiB, as many with an answer of 8 MiB\n%-40s %8s %8s\n", *n, *models, largeEvery, "", "peak MiB", "CPU s")
	for i, how := range [][]string{{}, {"--concurrency", "auto"}, {"--pace", "10x"}, {"--pace", "10x", "--concurrency", "200"}} {
		command := append([]string{"replay", dir + "/recording", "--target", "http://" + s.address + "/{model}", "--out", fmt.Sprint(dir, "/run", i)}, how...)
		_, c, err := measure(ctx, nil, *parity, command...)
		if err != nil {
			return err
		}
		fmt.Printf("%-40s %8.0f %8.1f\n", fmt.Sprint(how), c.memory, c.cpu)
		if c.memory > mostMemory {
			err = fmt.Errorf("replay %v took %.0f MiB, and may take %d", how, c.memory, mostMemory)
		}
		if err := errors.Join(err, os.RemoveAll(fmt.Sprint(dir, "/run", i))); err != nil {
			return err
		}
	}
	return nil
}

// largeExchanges writes the recording.
func largeExchanges(ctx context.Context, location string, n, models int) error {
	b, err := store.Open(ctx, location)
	if err != nil {
		return err
	}
	large := make([]byte, largeBody)
	r := rand.NewChaCha8([32]byte{})
	const perObject = 2000 // an object is held in memory as it is written
	for from := 0; from < n; from += perObject {
		info := dataset.ObjectInfo{Hour: start, Instance: "bench", ID: exchange.DeriveID(start, fmt.Append(nil, "object ", from))}
		w, err := dataset.NewObject(b, info, dataset.Limits{})
		if err != nil {
			return err
		}
		for i := from; i < min(from+perObject, n); i++ {
			e := newExchange(i, 1000)
			e.Model = fmt.Sprint("model-", i%models)
			switch i % largeEvery {
			case 0:
				r.Read(large)
				e.Request.Body = large
			case largeEvery / 2:
				e.Request.Body = []byte(wantsLarge)
			}
			if err := w.Write(ctx, &exchange.Batch{Rows: []exchange.Exchange{e}}); err != nil {
				return err
			}
		}
		if err := errors.Join(w.Commit(ctx), w.Close()); err != nil {
			return err
		}
	}
	return nil
}

// serveLarge serves until stdin ends.
func serveLarge() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	large := make([]byte, largeBody)
	rand.NewChaCha8([32]byte{1}).Read(large)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
		case bytes.Equal(body, []byte(wantsLarge)):
			w.Write(large)
		default:
			time.Sleep(time.Millisecond)
			w.Write([]byte(`{"label":"good"}`))
		}
	}))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
