package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/config"
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
	text, _ := mustParity(t, exitDone, "compare", run, "--suggest")
	t.Log(text)
	if _, err := config.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/suggest/out.yaml", []byte(text), 0o644)
	_ = strings.Contains
}
