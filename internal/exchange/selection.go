package exchange

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Selection says which exchanges of a recording a run is about. It is part of
// what identifies the run. Match goes by the key alone. What else it asks for is
// no part of the key that everybody reads, so whoever opens the recording narrows
// it: Statuses and IDs by Rest, Signatures by the deltas, MaxRequests by the Cut
// that planning finds. The zero value selects everything.
type Selection struct {
	// Models are globs, of which any may match; one that begins with ! leaves
	// out what it matches, whatever the others say.
	Models []string `json:"models,omitempty"`
	// Versions are globs of the reference's model versions, as Models. Where none
	// is known the version is "".
	Versions []string  `json:"versions,omitempty"`
	Since    time.Time `json:"since,omitzero"`   // inclusive
	Until    time.Time `json:"until,omitzero"`   // exclusive
	Sample   float64   `json:"sample,omitempty"` // share of requests, by hash: 0 and 1 mean all
	// Statuses are those of the reference, of which any may match: 200, 2xx or
	// 500-599; one that begins with ! leaves out. 0 is that there was no answer.
	Statuses []string `json:"statuses,omitempty"`
	// IDs are of exchanges, or of their sources, of which any may match.
	IDs []string `json:"ids,omitempty"`
	// Signatures are those of deltas, of which an exchange of a mismatch set must
	// have one that is no noise.
	Signatures []string `json:"signatures,omitempty"`
	// MaxRequests is how many of the exchanges that all else selects are planned
	// at most, those with the lowest request hashes: see Cut. 0 means all.
	MaxRequests int64 `json:"max_requests,omitempty"`
}

// MaxIDs is how many exchanges a selection may name.
const MaxIDs = 100_000

// Validate names the first field that makes no sense.
func (s Selection) Validate() error {
	if s.Sample < 0 || s.Sample > 1 || math.IsNaN(s.Sample) {
		return fmt.Errorf("sample %v: must be above 0%% and at most 100%%", s.Sample)
	}
	if !s.Since.IsZero() && !s.Until.IsZero() && !s.Since.Before(s.Until) {
		return fmt.Errorf("since %s is not before until %s", s.Since.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	}
	for _, status := range s.Statuses {
		if _, err := parseStatuses(status); err != nil {
			return err
		}
	}
	switch {
	case slices.Contains(s.IDs, ""):
		return errors.New("an id is empty: write an exchange's, or its source's, as `parity cat` prints them")
	case len(s.IDs) > MaxIDs:
		return fmt.Errorf("%d ids are more than the %d that a run can name: choose by what they have in common, or by several runs", len(s.IDs), MaxIDs)
	case slices.Contains(s.Signatures, ""):
		return errors.New("a signature is empty: write it as `parity show` prints it, path and kind")
	case s.MaxRequests < 0:
		return fmt.Errorf("max requests %d: must be at least 1, or 0 for all", s.MaxRequests)
	}
	return nil
}

// All says that nothing is left out.
func (s Selection) All() bool {
	return len(s.Models)+len(s.Versions)+len(s.Statuses)+len(s.IDs)+len(s.Signatures) == 0 &&
		s.Since.IsZero() && s.Until.IsZero() && (s.Sample == 0 || s.Sample == 1) && s.MaxRequests == 0
}

// Match says whether e is selected, as far as its key says.
func (s *Selection) Match(e *Exchange) bool {
	return matchGlobs(s.Models, e.Model) && matchGlobs(s.Versions, e.ModelVersion) && s.matchTime(e.Time) && s.matchSample(e.RequestHash)
}

func matchGlobs(globs []string, name string) bool {
	asked, found := false, false
	for _, glob := range globs {
		if out, ok := strings.CutPrefix(glob, "!"); ok {
			if Glob(out, name) {
				return false
			}
			continue
		}
		asked, found = true, found || Glob(glob, name)
	}
	return found || !asked
}

// Columns names the columns that Match, Rest and Cut look at, in their order at
// rest.
func (s *Selection) Columns() (names []string) {
	for _, c := range []struct {
		name  string
		asked bool
	}{
		{"id", len(s.IDs) > 0 || s.MaxRequests > 0},
		{"time", !s.Since.IsZero() || !s.Until.IsZero()},
		{"model", len(s.Models) > 0},
		{"model_version", len(s.Versions) > 0},
		{"request_hash", s.Sample != 0 || s.MaxRequests > 0},
		{"source_id", len(s.IDs) > 0},
		{"response_status", len(s.Statuses) > 0},
	} {
		if c.asked {
			names = append(names, c.name)
		}
	}
	return names
}

// String is the selection as the flags that make it.
func (s Selection) String() string {
	var flags []string
	add := func(flag string, values []string) {
		for _, v := range values {
			flags = append(flags, fmt.Sprintf("--%s %q", flag, v))
		}
	}
	add("model", s.Models)
	add("version", s.Versions)
	if !s.Since.IsZero() {
		flags = append(flags, "--since "+s.Since.Format(time.RFC3339Nano))
	}
	if !s.Until.IsZero() {
		flags = append(flags, "--until "+s.Until.Format(time.RFC3339Nano))
	}
	if s.Sample != 0 {
		flags = append(flags, fmt.Sprintf("--sample %v", s.Sample))
	}
	add("status", s.Statuses)
	if len(s.IDs) > maxNamedIDs {
		flags = append(flags, fmt.Sprintf("--ids FILE (%d ids, SHA-256 %.16x)", len(s.IDs), sha256.Sum256([]byte(strings.Join(s.IDs, "\n")))))
	} else {
		add("id", s.IDs)
	}
	add("signature", s.Signatures)
	if s.MaxRequests > 0 {
		flags = append(flags, fmt.Sprintf("--max-requests %d", s.MaxRequests))
	}
	if len(flags) == 0 {
		return "everything"
	}
	return strings.Join(flags, " ")
}

// maxNamedIDs is how many ids String spells out.
const maxNamedIDs = 10

func (s *Selection) matchTime(t Timestamp) bool {
	return (s.Since.IsZero() || t >= At(s.Since)) && (s.Until.IsZero() || t < At(s.Until))
}

// matchSample takes the hash as a fraction of 2^64.
func (s *Selection) matchSample(hash int64) bool {
	return s.Sample == 0 || s.Sample == 1 || float64(uint64(hash)) < s.Sample*(1<<64)
}
