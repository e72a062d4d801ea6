package compare

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// What an independent script counted on 952 real pairs of answers of ten real
// models. If these counts are off, a cutover is decided on wrong numbers.
func TestGroundTruth(t *testing.T) {
	pairs := readReviews(t)
	truth := []struct {
		model       string
		pairs, same int64
		differ      [4]int64 // at 0, 1e-9, 1e-6, 1e-3
		kinds       string   // at 0
	}{
		{"review-exact", 119, 119, [4]int64{0, 0, 0, 0}, ""},
		{"review-noise", 119, 0, [4]int64{118, 0, 0, 0}, "number"},
		{"review-f32", 103, 0, [4]int64{103, 102, 29, 0}, "number"},
		{"review-drift", 103, 0, [4]int64{103, 103, 103, 59}, "number"},
		{"spam-format", 30, 0, [4]int64{0, 0, 0, 0}, ""},
		{"corn-csv", 103, 0, [4]int64{103, 23, 0, 0}, "number"},
		{"vader", 119, 57, [4]int64{62, 62, 62, 62}, "number string"},
		{"topic-order", 103, 0, [4]int64{103, 103, 103, 103}, "order"},
		{"review-omit", 119, 0, [4]int64{119, 82, 82, 82}, "missing number"},
		{"spam-errors", 34, 0, [4]int64{30, 12, 12, 12}, "number status"},
	}
	for i, abs := range []float64{0, 1e-9, 1e-6, 1e-3} {
		tally := judgeRows(t, Rules{Number: &number.Tolerance{Abs: abs}}, pairs, nil)
		for _, want := range truth {
			m := tally.Models[want.model]
			if m == nil {
				t.Fatalf("no exchange of %s", want.model)
			}
			if m.Planned != want.pairs || m.Mismatch != want.differ[i] || m.Match != want.pairs-want.differ[i] {
				t.Errorf("%s at %g: %d of %d differ and %d match, want %d of %d", want.model, abs, m.Mismatch, m.Planned, m.Match, want.differ[i], want.pairs)
			}
			if abs != 0 {
				continue
			}
			if kinds := kindsOf(m); kinds != want.kinds {
				t.Errorf("%s: kinds %q, want %q", want.model, kinds, want.kinds)
			}
			if same := m.Match - m.Reformatted; same != want.same {
				t.Errorf("%s: %d pairs with the same bytes, want %d", want.model, same, want.same)
			}
		}
	}
	labels := judgeRows(t, exact, pairs, nil).Models["vader"].Signatures["$.label string"]
	if labels == nil || labels.Exchanges != 9 {
		t.Errorf("vader: label flips %+v, want 9 exchanges", labels)
	}
}

func kindsOf(m *ModelTally) string {
	kinds := map[string]bool{}
	for _, s := range m.Signatures {
		kinds[string(s.Kind)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(kinds)), " ")
}

// readReviews reads the recording and joins the candidate's answers by id.
func readReviews(t *testing.T) []exchange.Exchange {
	t.Helper()
	dir := os.Getenv("PARITY_SHARED_DATA")
	if dir == "" {
		const why = "PARITY_SHARED_DATA does not name the folder that holds reviews/, the 952 real exchanges"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	answers := map[string]exchange.Answer{}
	eachLine(t, filepath.Join(dir, "reviews", "candidate.jsonl"), func(line []byte) error {
		id, a, err := exchange.ParseAnswer(line)
		answers[id] = a
		return err
	})
	var pairs []exchange.Exchange
	eachLine(t, filepath.Join(dir, "reviews", "recording.jsonl"), func(line []byte) error {
		e, err := exchange.ParseLine(line)
		if err != nil {
			return err
		}
		e.RequestHash = exchange.HashRequest(e)
		a, ok := answers[e.Request.SourceID]
		if !ok {
			return fmt.Errorf("no answer to %s", e.Request.SourceID)
		}
		e.ID = exchange.DeriveID(e.Time.Time(), []byte(e.Request.SourceID))
		e.Candidate.Answer = a
		pairs = append(pairs, *e)
		return nil
	})
	return pairs
}

func eachLine(t *testing.T, path string, f func([]byte) error) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 16<<20)
	for n := 1; s.Scan(); n++ {
		if err := f(s.Bytes()); err != nil {
			t.Fatalf("%s line %d: %v", path, n, err)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}
