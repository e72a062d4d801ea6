package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Without this, what is suggested for real models could be no config at all, or
// rules under which they still differ in what the rules are for.
func TestSuggestReviews(t *testing.T) {
	recorded, candidate := sharedData(t)
	target := newReviewsTarget(t, recorded, candidate)
	dir := t.TempDir()
	recording, run := filepath.Join(dir, "recording"), filepath.Join(dir, "run")
	mustParity(t, exitDone, "import", "jsonl", recorded, "--out", recording)
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	text := mustParity(t, exitDone, "compare", run, "--suggest").stdout
	mustParity(t, exitDone, "compare", run, "--config", writeConfig(t, text))
	for _, m := range readSummary(t, run).Models {
		switch m.Model {
		case "vader", "spam-errors", "review-drift": // real differences: nothing is suggested that hides them
			if m.Ledger.Mismatch == 0 {
				t.Errorf("%s: what is suggested hides all of its differences:\n%s", m.Model, text)
			}
		default:
			if m.Ledger.Mismatch != 0 {
				t.Errorf("%s: %d mismatches are left under\n%s", m.Model, m.Ledger.Mismatch, text)
			}
		}
	}
	for _, want := range []string{"order: any", "model vader: at least 62 of 119", "p50"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
