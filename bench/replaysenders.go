package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

const (
	parityName   = "parity"
	vegetaName   = "vegeta"
	goReplayName = "goreplay"
	wrkName      = "wrk"
)

// senders are those of the contenders that are asked for and are there.
func (b *replayBench) senders(only []string) []sender {
	all := []sender{
		{name: parityName, run: b.runParity},
		{name: vegetaName, run: b.runVegeta},
		{name: goReplayName, run: b.runGoReplay},
		{name: wrkName, run: b.runWrk},
	}
	return slices.DeleteFunc(all, func(s sender) bool {
		if !slices.Contains(only, s.name) {
			return true
		}
		needs := map[string]string{vegetaName: b.tool("vegeta"), goReplayName: b.tool("gor"), wrkName: "wrk"}[s.name]
		if _, err := exec.LookPath(needs); needs != "" && err != nil {
			log.Printf("%s is left out: there is no %s", s.name, needs)
			return true
		}
		return false
	})
}

func (b *replayBench) tool(name string) string { return filepath.Join(b.tools, name) }

// runParity replays the recording to a run of its own.
func (b *replayBench) runParity(ctx context.Context, round int) (cost, error) {
	_, c, err := measure(ctx, nil, b.parity, "replay", b.path(recordingFolder), "--target", "http://"+b.server.address,
		"--out", b.runFolder(round), "--concurrency", connections)
	return c, err
}

func (b *replayBench) runFolder(round int) string { return b.path(fmt.Sprint("run-", round)) }

// verify reads the runs. It comes last: a process that is started by a large one
// counts that one's memory as its own peak.
func (b *replayBench) verify(ctx context.Context, repeats int) error {
	for round := range repeats {
		n := 0
		err := eachResult(ctx, b.runFolder(round), func(e *exchange.Exchange) {
			if e.Candidate.Status == 200 && len(e.Candidate.Body) >= answerBytes {
				n++
			}
		})
		if err != nil {
			return err
		}
		if n != b.requests {
			return fmt.Errorf("run %d holds %d good answers of %d: the comparison is void", round, n, b.requests)
		}
	}
	return nil
}

// eachResult calls fn with every row of a run.
func eachResult(ctx context.Context, location string, fn func(*exchange.Exchange)) error {
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return err
	}
	plan, _, err := run.Plan(ctx)
	if err != nil {
		return err
	}
	for _, s := range plan {
		answers, err := run.Answers(ctx, s, nil)
		if err != nil {
			return err
		}
		if err := dataset.EachRow(ctx, answers[0], func(e *exchange.Exchange) error { fn(e); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// runVegeta reads targets as it goes and stores whole answers.
func (b *replayBench) runVegeta(ctx context.Context, _ int) (cost, error) {
	_, c, err := measure(ctx, nil, b.tool("vegeta"), "attack", "-targets", b.path(vegetaFile), "-format", "json", "-lazy",
		"-rate", "0", "-duration", "0", "-workers", connections, "-max-workers", connections, "-connections", connections,
		"-max-body", "-1", "-output", b.path("vegeta.out"))
	return c, errors.Join(err, b.stored("vegeta.out"))
}

// runGoReplay has it read ahead, or it stops at a thousand requests a second, and
// keep the answers. It does not end by itself.
func (b *replayBench) runGoReplay(ctx context.Context, _ int) (cost, error) {
	_, c, err := measureUntil(ctx, b.allCame, nil, b.tool("gor"), "--input-file", b.path(goReplayFile), "--input-file-read-depth", "20000",
		"--output-http", "http://"+b.server.address, "--output-http-workers", connections, "--output-http-track-response",
		"--output-file", b.path("goreplay.out"), "--output-file-append")
	return c, errors.Join(err, b.stored("goreplay.out"))
}

// stored holds a file of answers against their number, and removes it.
func (b *replayBench) stored(name string) error {
	info, err := os.Stat(b.path(name))
	if err != nil {
		return err
	}
	if least := int64(b.requests) * answerBytes; info.Size() < least {
		return fmt.Errorf("%s has %d bytes, and the answers alone have %d: the comparison is void", name, info.Size(), least)
	}
	return os.Remove(b.path(name))
}

// allCame waits until the server has got all requests, and a second more for the
// answers to reach the disk; or until nothing comes for 10 s.
func (b *replayBench) allCame() error {
	for last := (counted{}); ; {
		time.Sleep(time.Second)
		c, err := b.server.counted()
		switch {
		case err != nil:
			return err
		case c.Requests == last.Requests && (c.Requests >= int64(b.requests) || time.Since(time.Unix(0, c.Last)) > 10*time.Second):
			return errStop
		}
		last = c
	}
}

// runWrk shows what the server can do: it sends one request for ever, reads no
// file and stores nothing.
func (b *replayBench) runWrk(ctx context.Context, _ int) (cost, error) {
	out, c, err := measure(ctx, nil, "wrk", "-t", "2", "-c", connections, "-d", "5s", "-s", b.path(wrkFile), "http://"+b.server.address)
	if err == nil && strings.Contains(string(out), "Socket errors") {
		err = fmt.Errorf("wrk met errors: the comparison is void\n%s", out)
	}
	return c, err
}
