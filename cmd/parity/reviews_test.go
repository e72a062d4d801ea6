package main

import (
	"bufio"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// reviewsDiffer are the counts of shared/data/README.md, from an independent
// script: how many pairs differ at an absolute tolerance, without a relative one.
var reviewsDiffer = map[string]map[string]int64{
	//              0, 1e-9, 1e-6, 1e-3
	"review-exact": {"0": 0, "1e-9": 0, "1e-6": 0, "1e-3": 0},
	"review-noise": {"0": 118, "1e-9": 0, "1e-6": 0, "1e-3": 0},
	"review-f32":   {"0": 103, "1e-9": 102, "1e-6": 29, "1e-3": 0},
	"review-drift": {"0": 103, "1e-9": 103, "1e-6": 103, "1e-3": 59},
	"spam-format":  {"0": 0, "1e-9": 0, "1e-6": 0, "1e-3": 0},
	"corn-csv":     {"0": 103, "1e-9": 23, "1e-6": 0, "1e-3": 0},
	"vader":        {"0": 62, "1e-9": 62, "1e-6": 62, "1e-3": 62},
	"topic-order":  {"0": 103, "1e-9": 103, "1e-6": 103, "1e-3": 103},
	"review-omit":  {"0": 119, "1e-9": 82, "1e-6": 82, "1e-3": 82},
	"spam-errors":  {"0": 30, "1e-9": 12, "1e-6": 12, "1e-3": 12},
}

// reviewsPairs are the pairs of each model.
var reviewsPairs = map[string]int64{
	"review-exact": 119, "review-noise": 119, "review-f32": 103, "review-drift": 103, "spam-format": 30,
	"corn-csv": 103, "vader": 119, "topic-order": 103, "review-omit": 119, "spam-errors": 34,
}

// sharedData finds the recorded reviews, or ends the test.
func sharedData(t *testing.T) (recording, candidate string) {
	t.Helper()
	dir := filepath.Join(os.Getenv("PARITY_SHARED_DATA"), "reviews")
	if _, err := os.Stat(dir); os.Getenv("PARITY_SHARED_DATA") == "" || err != nil {
		const sentence = "PARITY_SHARED_DATA does not name the folder with the real recorded exchanges (reviews/), which is not part of this repository"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	return filepath.Join(dir, "recording.jsonl"), filepath.Join(dir, "candidate.jsonl")
}

func readLines(t *testing.T, file string, fn func(line []byte) error) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if err := fn(lines.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

// newReviewsTarget serves the candidates' answers, looked up by what is asked:
// path and body, byte for byte.
func newReviewsTarget(t *testing.T, recording, candidate string) *echo {
	t.Helper()
	answers := map[string]exchange.Answer{}
	readLines(t, candidate, func(line []byte) error {
		id, answer, err := exchange.ParseAnswer(line)
		answers[id] = answer
		return err
	})
	byRequest := map[string]exchange.Answer{}
	readLines(t, recording, func(line []byte) error {
		e, err := exchange.ParseLine(line)
		if err == nil {
			byRequest[e.Request.Path+"\n"+string(e.Request.Body)] = answers[e.Request.SourceID]
		}
		return err
	})
	return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		answer, ok := byRequest[r.RequestURI+"\n"+readBody(r)]
		if !ok {
			http.Error(w, "nobody asked this", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", answer.ContentType)
		w.WriteHeader(int(answer.Status))
		w.Write(answer.Body)
	})
}

// Without this, Parity could say something about real models that is not so:
// the whole path, on both kinds of store, against counts that somebody else made.
func TestReviews(t *testing.T) {
	recorded, candidate := sharedData(t)
	target := newReviewsTarget(t, recorded, candidate)
	eachStore(t, func(t *testing.T, location string) {
		recording, run := store.Join(location, "recording"), store.Join(location, "run")
		mustParity(t, exitDone, "import", "jsonl", recorded, "--out", recording)
		mustParity(t, exitDone, "import", "jsonl", recorded, "--out", recording) // adds nothing
		target.asked.Store(0)
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
		for _, tolerance := range []string{"0", "1e-9", "1e-6", "1e-3"} {
			config := writeConfig(t, "compare: { number: { abs: "+tolerance+", rel: 0 } }")
			mustParity(t, exitDone, "compare", run, "--config", config)
			checkReviews(t, readSummary(t, run), tolerance)
			mustParity(t, exitNotShown, "gate", run, "--config", config)
		}
		if n := target.asked.Load(); n != 952 {
			t.Errorf("the target was asked %d times for 952 exchanges", n)
		}
		mustParity(t, exitDone, "fsck", recording)
		mustParity(t, exitDone, "fsck", run)
	})
}

func checkReviews(t *testing.T, s summary, tolerance string) {
	t.Helper()
	if len(s.Models) != len(reviewsDiffer) {
		t.Fatalf("%d models, want %d", len(s.Models), len(reviewsDiffer))
	}
	for _, m := range s.Models {
		if want := reviewsDiffer[m.Model][tolerance]; m.Ledger.Mismatch != want || m.Ledger.Planned != reviewsPairs[m.Model] {
			t.Errorf("%s at %s: %d of %d differ, want %d of %d", m.Model, tolerance, m.Ledger.Mismatch, m.Ledger.Planned, want, reviewsPairs[m.Model])
		}
	}
	if !s.Ledger.Balanced {
		t.Error("the ledger does not balance")
	}
}

// reviewsConfig is what somebody would write who knows the ten models: scores
// within a thousandth, one ranking whose order does not matter, one port that
// leaves out what is empty.
const reviewsConfig = `
compare:
  number: { abs: 1e-3, rel: 0 }
  decision: "$.label"
  models:
    topic-order: { rules: [ { path: "$.ranking[*]", key: topic }, { path: "$.terms", order: any } ] }
    review-omit: { rules: [ { path: "$", null_absent: true, empty_absent: true } ] }
    corn-csv: { decision: { path: "$[*][0]" } }
gate: { budget: 10%, min_samples: 20, models: { "review-*": { flips: 5% } } }
`

// reviewsVerdicts are what shared/data/README.md says of the models under it.
var reviewsVerdicts = map[string]string{
	"review-exact": "PASS", "review-noise": "PASS", "review-f32": "PASS", "spam-format": "PASS", "corn-csv": "PASS",
	"topic-order": "PASS", "review-omit": "PASS",
	"review-drift": "FAIL", "vader": "FAIL", "spam-errors": "FAIL",
}

// An engineer decides on a cutover by one command, and CI by the file that it
// leaves: both must say what is true of real models.
func TestReviewsVerdicts(t *testing.T) {
	recorded, candidate := sharedData(t)
	target := newReviewsTarget(t, recorded, candidate)
	dir := t.TempDir()
	recording, run, junit := filepath.Join(dir, "recording"), filepath.Join(dir, "run"), filepath.Join(dir, "parity.xml")
	mustParity(t, exitDone, "import", "jsonl", recorded, "--out", recording)
	config := writeConfig(t, reviewsConfig)
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run, "--config", config, "--junit", junit)
	text, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Cases []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	if len(suites.Cases) != len(reviewsVerdicts) {
		t.Errorf("%d test cases for %d models", len(suites.Cases), len(reviewsVerdicts))
	}
	for _, c := range suites.Cases {
		got := "PASS"
		switch {
		case c.Failure != nil:
			got = "FAIL"
		case c.Error != nil:
			got = "INCONCLUSIVE"
		}
		if got != reviewsVerdicts[c.Name] {
			t.Errorf("%s: %s, want %s", c.Name, got, reviewsVerdicts[c.Name])
		}
	}
}
