package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
)

// rechecked makes a run of 100 exchanges in 10 splits, 10 of which were wrong,
// were sent again, and judged.
func rechecked(t *testing.T) (run string) {
	t.Helper()
	run = filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", makeRecording(t, 100, 10), "--target", firstTime(t, failing).URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	mustParity(t, exitDone, "replay", run, "--again", "mismatched")
	mustParity(t, exitDone, "compare", run)
	return run
}

// Without this, what somebody deleted, exchanged or damaged of a generation could
// change what a run says in silence.
func TestLostAndSwappedGenerations(t *testing.T) {
	first := func(t *testing.T, run string) string {
		return files(t, run, "results", "g1", "*.parquet")[0]
	}
	for name, c := range map[string]struct {
		harm          func(t *testing.T, run string) error
		fsck, compare string // what they say; "" where compare finds nothing to do
	}{
		"a result": {
			func(t *testing.T, run string) error { return os.Remove(first(t, run)) },
			"generation g1 of RUN, which judgement JUDGEMENT has looked at, is not whole any more", "generation g1 of RUN is not complete",
		},
		"all of it": {
			func(t *testing.T, run string) error { return os.RemoveAll(filepath.Join(run, "results", "g1")) },
			"is not whole any more", "generation g1 of RUN is not complete",
		},
		"its document": {
			func(t *testing.T, run string) error { return os.RemoveAll(filepath.Join(run, "generations")) },
			"generations/g1.json of RUN is gone", "generations/g1.json of RUN is gone",
		},
		"results swapped": {
			func(t *testing.T, run string) error {
				all := files(t, run, "results", "g1", "*.parquet")
				if err := os.Rename(all[0], all[0]+".x"); err != nil {
					return err
				}
				if err := os.Rename(all[1], all[0]); err != nil {
					return err
				}
				return os.Rename(all[0]+".x", all[1])
			}, "somebody moved it here", "somebody moved it here",
		},
		"a first result in its place": {
			func(t *testing.T, run string) error {
				at := first(t, run)
				text, err := os.ReadFile(filepath.Join(run, "results", "g0", filepath.Base(at)))
				if err != nil {
					return err
				}
				return os.WriteFile(at, text, 0o600)
			}, "somebody moved it here", "somebody moved it here",
		},
		"a result of another run": {
			func(t *testing.T, run string) error {
				other := rechecked(t)
				text, err := os.ReadFile(first(t, other))
				if err != nil {
					return err
				}
				return os.WriteFile(first(t, run), text, 0o600)
			}, "somebody moved it here", "somebody moved it here",
		},
		"a document of another run": {
			func(t *testing.T, run string) error {
				text, err := os.ReadFile(filepath.Join(rechecked(t), "generations", "g1.json"))
				if err != nil {
					return err
				}
				return os.WriteFile(filepath.Join(run, "generations", "g1.json"), text, 0o600)
			}, "somebody moved it here", "somebody moved it here",
		},
		"a document renamed": {
			func(t *testing.T, run string) error {
				at := filepath.Join(run, "generations", "g1.json")
				return os.Rename(at, filepath.Join(run, "generations", "g2.json"))
			}, "generations/g1.json of RUN is gone", "generations/g1.json of RUN is gone",
		},
		"a result that is none of its": {
			func(t *testing.T, run string) error {
				text, err := os.ReadFile(first(t, run))
				if err != nil {
					return err
				}
				return os.WriteFile(filepath.Join(run, "results", "g1", "000077.parquet"), text, 0o600)
			}, "is the result of no generation", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := rechecked(t)
			mustParity(t, exitDone, "fsck", run)
			judgement := latestJudgement(t, run)
			fill := strings.NewReplacer("RUN", run, "JUDGEMENT", judgement)
			if err := c.harm(t, run); err != nil {
				t.Fatal(err)
			}
			if r := mustParity(t, exitFailed, "fsck", run); !strings.Contains(r.stdout, fill.Replace(c.fsck)) {
				t.Errorf("fsck says %s, want %q", r.stdout, c.fsck)
			}
			if name == "its document" || strings.Contains(c.fsck, "not whole") {
				if r := mustParity(t, exitFailed, "gate", run); !strings.Contains(r.stderr, fill.Replace(c.fsck)) {
					t.Errorf("gate says %s", r.stderr)
				}
			}
			if err := os.RemoveAll(filepath.Join(run, "judgements")); err != nil {
				t.Fatal(err)
			}
			if r := parity(t, "compare", run); c.compare != "" && !strings.Contains(r.stderr, fill.Replace(c.compare)) {
				t.Errorf("compare exits with %d and says %s, want %q", r.code, r.stderr, c.compare)
			}
		})
	}
}

func latestJudgement(t *testing.T, location string) string {
	t.Helper()
	run, err := dataset.OpenRun(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	j, err := run.Judgement(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return j.Info.ID
}

// Without this, a bit that flips on a disk could become another answer.
func TestFlippedBitsInAGeneration(t *testing.T) {
	run := rechecked(t)
	var objects []string
	for _, folder := range []string{"generations", filepath.Join("results", "g1")} {
		err := filepath.WalkDir(filepath.Join(run, folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				objects = append(objects, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range objects {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{len(text) / 7, len(text) / 2, len(text) - 40} {
			broken := []byte(string(text))
			broken[at] ^= 4
			if err := os.WriteFile(path, broken, 0o600); err != nil {
				t.Fatal(err)
			}
			if r := mustParity(t, exitFailed, "fsck", run); !strings.Contains(r.stdout, filepath.Base(path)) {
				t.Errorf("byte %d of %s: fsck says %s", at, path, r.stdout)
			}
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustParity(t, exitDone, "fsck", run)
}

// Without this, runs that were never sent again would be judged anew under
// another name after an update.
func TestJudgementsWithoutGenerationsStayWhatTheyWere(t *testing.T) {
	_, run := brokenRun(t)
	sum := sha256.Sum256(fmt.Appendf(nil, "judge %d\n{}", compare.Version))
	if id, want := latestJudgement(t, run), hex.EncodeToString(sum[:8]); id != want {
		t.Errorf("the judgement by the default rules is called %s, want %s", id, want)
	}
	for _, path := range append(files(t, run, "judgements", "*", "judgement.json"), files(t, run, "judgements", "*", "tallies", "*")...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"generations", "recheck"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s speaks of %s", path, word)
			}
		}
	}
	if s := mustParity(t, exitDone, "report", run, "--json", "-").stdout; strings.Contains(s, "recheck") || strings.Contains(s, "generations") {
		t.Errorf("the summary says %s", s)
	}
}

// Without this, a mistake on the night shift would send what nobody asked for,
// or leave one guessing what to type.
func TestAgainRefuses(t *testing.T) {
	recording, run := brokenRun(t)
	target := newEcho(t, answerBack(0))
	half := filepath.Join(t.TempDir(), "half")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", half, "--shard", "0/2")
	config := func(targets string) string { return writeConfig(t, "targets: {"+targets+"}") }
	info := mustParity(t, exitDone, "ls", run).stdout
	_, rest, _ := strings.Cut(info, "target     ")
	url, _, _ := strings.Cut(rest, "\n")
	named := fmt.Sprintf("one: {url: %q, headers: {X-Key: $KEY}}", url)
	bounded := filepath.Join(t.TempDir(), "bounded")
	mustParity(t, exitDone, "replay", recording, "--target", firstTime(t, failing).URL, "--out", bounded)
	unjudged := mustParity(t, exitFailed, "replay", bounded, "--again", "mismatched")
	if !strings.Contains(unjudged.stderr, "is not judged yet: `parity compare") {
		t.Errorf("mismatched of nothing says %s", unjudged.stderr)
	}
	target.asked.Store(0)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--out does not go with --again", []string{run, "--again", "mismatched", "--out", "run2"}},
		{"--model does not go with --again", []string{run, "--again", "mismatched", "--model", "model-1"}},
		{"--sample does not go with --again", []string{run, "--again", "unavailable", "--sample", "10%"}},
		{"--again mismatched stands alone", []string{run, "--again", "mismatched", "--again", "unavailable"}},
		{"--again unavailable stands alone", []string{run, "--again", "r10", "--again", "unavailable"}},
		{"write unavailable, mismatched, or an exchange's id", []string{run, "--again", ""}},
		{"is not a run", []string{recording, "--again", "mismatched"}},
		{"is not complete: 5 of 10 splits are not sent yet; repeat the `parity replay` that began it", []string{half, "--again", "unavailable"}},
		{"and run " + run + " was sent to " + url, []string{run, "--again", "mismatched", "--target", target.URL}},
		{"need KEY from the environment", []string{run, "--again", "mismatched", "--config", config(named)}},
		{"as targets one and two: say by --target whose headers go along", []string{run, "--again", "mismatched", "--config", config(named + fmt.Sprintf(", two: {url: %q}", url))}},
		{"no exchange r999 was sent in", []string{run, "--again", "r999"}},
		{`concurrency "-1" is no`, []string{run, "--again", "mismatched", "--concurrency", "-1"}},
	} {
		if r := mustParity(t, exitFailed, append([]string{"replay"}, c.args...)...); !strings.Contains(r.stderr, c.want) {
			t.Errorf("parity replay %v says %s, want %q", c.args, r.stderr, c.want)
		}
		if _, err := os.Stat(filepath.Join(run, "generations")); err == nil {
			t.Fatalf("parity replay %v has begun a generation", c.args)
		}
	}
	if n := target.asked.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	mustParity(t, exitDone, "compare", bounded, "--max-mismatches", "1")
	r := mustParity(t, exitDone, "replay", bounded, "--again", "mismatched")
	if !strings.Contains(r.stderr, "of 10 mismatches, as --max-mismatches 1 asked: only these are sent again") {
		t.Errorf("a bounded mismatch set: %s", r.stderr)
	}
}
