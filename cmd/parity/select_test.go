package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Without this, a recording made of a recording could hold others than were asked
// for, a ledger not say so, or the same command done twice hold them twice.
func TestSelect(t *testing.T) {
	eachStore(t, func(t *testing.T, location string) {
		recording := makeRecording(t, 700, 50)
		small := store.Join(location, "small")
		args := []string{"select", recording, "--out", small, "--model", "model-2", "--model", "model-3", "--model", "model-4", "--where", ".request.json.n >= 70", "--limit", "20"}
		r := mustParity(t, exitDone, args...)
		if !strings.Contains(r.stderr, "700 read = 430 not selected + 0 unreadable + 0 repeated + 210 over the limit + 60 kept; 1 new objects") {
			t.Errorf("select says %s", r.stderr)
		}
		first := ids(t, small)
		if r := mustParity(t, exitDone, args...); !strings.Contains(r.stderr, "60 kept; 0 new objects") || !slices.Equal(ids(t, small), first) {
			t.Errorf("done again, select says %s", r.stderr)
		}
		ls := mustParity(t, exitDone, "ls", small).stdout
		for _, want := range []string{"60 exchanges of 3 models in 1 object,", "served 700 = recorded 60 + sampled out 640 + dropped 0"} {
			if !strings.Contains(ls, want) {
				t.Errorf("ls lacks %q:\n%s", want, ls)
			}
		}
		mustParity(t, exitDone, "fsck", small)
		target := newEcho(t, answerBack(0))
		mustParity(t, exitDone, "replay", small, "--target", target.URL, "--out", store.Join(location, "run"), "--compare")
		if s := readSummary(t, store.Join(location, "run")); s.Ledger.Match != 60 {
			t.Errorf("of what is selected, %+v", s.Ledger)
		}
	})
}

// Without this, two selections could be mixed into a recording that is neither, or
// a mistake end with an empty one.
func TestSelectRefuses(t *testing.T) {
	recording := makeRecording(t, 70, 10)
	out := filepath.Join(t.TempDir(), "out")
	mustParity(t, exitDone, "select", recording, "--out", out)
	for _, c := range []struct{ args, says string }{
		{"--limit 3 --out " + out, "something else was recorded or selected there already"},
		{"--out " + recording, "something else was recorded or selected there already"},
		{"--where .[ --out x", "--where: compile jq program"},
		{"--fanout input --out x", "--fanout: compile jq program"},
		{"--limit -1 --out x", "--limit -1: must be above 0"},
		{"--model none --out x", `model "none" matches none`},
		{"--where false --out " + out + "x", "nothing is left of 70 exchanges (70 read = 70 not selected"},
		{"--where error --out " + out + "x", "70 unreadable"},
		{"--signature $.a:number --out x", "is no mismatch set"},
	} {
		r := mustParity(t, exitFailed, append([]string{"select", recording}, strings.Fields(c.args)...)...)
		if !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: lacks %q:\n%s", c.args, c.says, r.stderr)
		}
	}
	if _, err := os.Stat(out + "x"); err == nil {
		t.Error("something was written though nothing was left")
	}
}

// Without this, what is compacted, fanned out, deduped or taken of a mismatch set
// could lose bodies, times or the answers that differ.
func TestSelectKeepsWhatItKeeps(t *testing.T) {
	recording, dir := makeRecording(t, 700, 50), t.TempDir()
	cat := func(location string) []string {
		return slices.Sorted(strings.Lines(mustParity(t, exitDone, "cat", location).stdout))
	}
	compact := filepath.Join(dir, "compact")
	mustParity(t, exitDone, "select", recording, "--out", compact)
	if !slices.Equal(cat(recording), cat(compact)) {
		t.Error("compacting changes what cat prints")
	}
	run := filepath.Join(dir, "run")
	mustParity(t, exitDone, "replay", recording, "--target", newEcho(t, answerBack(1)).URL, "--out", run, "--compare")
	some := filepath.Join(dir, "some")
	mustParity(t, exitDone, "select", filepath.Join(run, "mismatches"), "--out", some, "--signature", "$.n number", "--sample", "50%")
	for _, line := range cat(some) {
		if !strings.Contains(line, `"sampling_probability":0.5`) || strings.Contains(line, "candidate") {
			t.Fatalf("of a mismatch set: %s", line)
		}
	}
	single := filepath.Join(dir, "single")
	mustParity(t, exitDone, "select", recording, "--out", single, "--fanout", `range(3) as $i | {request: {path: "/same", json: ($i * (.request.json.n % 2))}, response: {json: .request.json.n}}`, "--dedupe")
	total := int64(0)
	err := eachExchange(t.Context(), single, func(e *exchange.Exchange, _ exchange.Sides) error {
		o, err := exchange.ParseOrigin(e.Origin)
		total += max(o.Weight, 1)
		return err
	})
	if err != nil || total != 2100 {
		t.Errorf("700 fanned out into 3 each weigh %d, %v", total, err)
	}
	again := filepath.Join(dir, "again")
	in := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(in, []byte(mustParity(t, exitDone, "cat", single).stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", in, "--out", again)
	if a, b := origins(cat(single)), origins(cat(again)); !slices.Equal(a, b) || len(a) == 0 {
		t.Errorf("imported, the origins are %q, were %q", b, a)
	}
}

func origins(lines []string) (all []string) {
	for _, line := range lines {
		_, rest, _ := strings.Cut(line, `"origin":`)
		origin, _, _ := strings.Cut(rest, "}")
		all = append(all, origin)
	}
	slices.Sort(all)
	return all
}

// Without this, real requests, with half characters and repeats, could get lost on
// the way.
func TestSelectReviews(t *testing.T) {
	recorded, _ := sharedData(t)
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var three bytes.Buffer
	for i := range 3 {
		three.Write(bytes.ReplaceAll(text, []byte(`"id": "r`), fmt.Appendf(nil, `"id": "%d-r`, i)))
	}
	in, recording, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, three.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", in, "--out", recording)
	if r := mustParity(t, exitDone, "select", recording, "--out", out, "--dedupe"); !strings.Contains(r.stderr, "2,856 read = 0 not selected + 0 unreadable + 1,904 repeated + 0 over the limit + 952 kept") {
		t.Errorf("select says %s", r.stderr)
	}
	r := mustParity(t, exitDone, "select", recording, "--out", out+"2", "--where", `.request.json.text // .request.body | length >= 0`)
	if !strings.Contains(r.stderr, "18 exchanges have JSON that no jq program reads") || !strings.Contains(r.stderr, "2,856 kept") {
		t.Errorf("select says %s", r.stderr)
	}
}

// Without this, a recording without its repeats would make the old system look as
// if it always disagreed with itself, and that would pass for noise.
func TestDedupeKeepsHowNoisyTheOldSystemIs(t *testing.T) {
	var lines bytes.Buffer
	for i := range 2000 {
		request, label := i%150, "a"
		if i%97 == 0 && request%2 == 0 {
			label = "b"
		}
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"m%d","request":{"path":"/m","body":"{\"n\":%d}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"label\":\"%s\"}"}}`+"\n", i, i, request%3, request, label)
	}
	dir := t.TempDir()
	in, recording, unique := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording"), filepath.Join(dir, "unique")
	if err := os.WriteFile(in, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", in, "--out", recording, "--split-rows", "100")
	mustParity(t, exitDone, "select", recording, "--out", unique, "--dedupe", "--split-rows", "30")
	target := newEcho(t, answerBack(0))
	var profiles []string
	for _, of := range []string{recording, unique} {
		out := of + "-run"
		mustParity(t, exitDone, "replay", of, "--target", target.URL, "--out", out)
		run, err := dataset.OpenRun(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		profile, err := repeatsProfile(t.Context(), run, compare.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(profile)
		if err != nil {
			t.Fatal(err)
		}
		profiles = append(profiles, string(text))
	}
	if profiles[0] != profiles[1] || !strings.Contains(profiles[0], `"exchanges":`) {
		t.Errorf("of all: %s\nof what is left of it: %s", profiles[0], profiles[1])
	}
}
