package exchange

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Selection says which exchanges of a recording a run is about. It is part of
// what identifies the run, and but for Signatures it looks at nothing but an
// exchange's key. The zero value selects everything.
type Selection struct {
	// Models are globs, of which any may match; one that begins with ! leaves
	// out what it matches, whatever the others say.
	Models []string  `json:"models,omitempty"`
	Since  time.Time `json:"since,omitzero"`   // inclusive
	Until  time.Time `json:"until,omitzero"`   // exclusive
	Sample float64   `json:"sample,omitempty"` // share of requests, by hash: 0 and 1 mean all
	// Signatures are those of deltas, of which an exchange of a mismatch set must
	// have one that is no noise. Match does not look at them, since they are no
	// part of the key: whoever opens the recording narrows it to them.
	Signatures []string `json:"signatures,omitempty"`
}

// Validate names the first field that makes no sense.
func (s Selection) Validate() error {
	if s.Sample < 0 || s.Sample > 1 || math.IsNaN(s.Sample) {
		return fmt.Errorf("sample %v: must be above 0%% and at most 100%%", s.Sample)
	}
	if !s.Since.IsZero() && !s.Until.IsZero() && !s.Since.Before(s.Until) {
		return fmt.Errorf("since %s is not before until %s", s.Since.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	}
	if slices.Contains(s.Signatures, "") {
		return fmt.Errorf("a signature is empty: write it as `parity show` prints it, path and kind")
	}
	return nil
}

// All says that nothing is left out.
func (s Selection) All() bool {
	return len(s.Models) == 0 && len(s.Signatures) == 0 && s.Since.IsZero() && s.Until.IsZero() && (s.Sample == 0 || s.Sample == 1)
}

// Match says whether e is selected, as far as its key says.
func (s *Selection) Match(e *Exchange) bool {
	return s.matchModel(e.Model) && s.matchTime(e.Time) && s.matchSample(e.RequestHash)
}

func (s *Selection) matchModel(model string) bool {
	asked, found := false, false
	for _, glob := range s.Models {
		if out, ok := strings.CutPrefix(glob, "!"); ok {
			if Glob(out, model) {
				return false
			}
			continue
		}
		asked, found = true, found || Glob(glob, model)
	}
	return found || !asked
}

// String is the selection as the flags that make it.
func (s Selection) String() string {
	var flags []string
	for _, glob := range s.Models {
		flags = append(flags, fmt.Sprintf("--model %q", glob))
	}
	if !s.Since.IsZero() {
		flags = append(flags, "--since "+s.Since.Format(time.RFC3339Nano))
	}
	if !s.Until.IsZero() {
		flags = append(flags, "--until "+s.Until.Format(time.RFC3339Nano))
	}
	if s.Sample != 0 {
		flags = append(flags, fmt.Sprintf("--sample %v", s.Sample))
	}
	for _, signature := range s.Signatures {
		flags = append(flags, fmt.Sprintf("--signature %q", signature))
	}
	if len(flags) == 0 {
		return "everything"
	}
	return strings.Join(flags, " ")
}

func (s *Selection) matchTime(t Timestamp) bool {
	return (s.Since.IsZero() || t >= At(s.Since)) && (s.Until.IsZero() || t < At(s.Until))
}

// matchSample takes the hash as a fraction of 2^64.
func (s *Selection) matchSample(hash int64) bool {
	return s.Sample == 0 || s.Sample == 1 || float64(uint64(hash)) < s.Sample*(1<<64)
}
