package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/modelparity/parity/internal/number"
)

// proposal is what could be done about one signature.
type proposal struct {
	rule  PathRule // without its path
	why   string   // the reason for the rule; "": it is not suggested
	stays string   // why the signature stays, or a part of it; "": it goes
}

const isReal = "looks like a real difference"

// tooLarge is the share of a value from which on a difference is not taken for
// rounding: the coarsest numbers that models compute with, BF16, have 8 bits,
// and rounding to them moves a value by at most 0.4 %.
const tooLarge = 0.005

func propose(s *SignatureTally, m *ModelTally, base number.Tolerance) proposal {
	if s.Kind == KindNumber || s.Kind == KindString {
		if p, ok := volatile(s, m); ok {
			return p
		}
	}
	switch s.Kind {
	case KindNumber:
		return proposeNumber(s, base)
	case KindString:
		return proposeText(s)
	case KindMissing, KindExtra:
		return proposeVoid(s)
	case KindOrder:
		return proposal{rule: PathRule{Order: "any"}, why: counted(s) + ": the same elements in another order; only if nobody reads the order as a ranking"}
	}
	return proposal{stays: isReal}
}

// proposeNumber proposes the smallest tolerance that covers all, as an absolute
// one, or as a relative one where the relative errors are much more alike: then
// the errors grow with the values. What was allowed until now stays allowed.
func proposeNumber(s *SignatureTally, base number.Tolerance) proposal {
	if s.MaxAbs == 0 {
		return proposal{stays: "no tolerance covers NaN, infinities and what is beyond float64"}
	}
	share := s.MaxAbs / scale(s)
	byRel := s.RelErrors.Count() == s.Errors.Count() && spread(s.RelErrors, s.MaxRel)*halfDecade < spread(s.Errors, s.MaxAbs)
	if byRel {
		// The quotient may have been rounded down, and the product will be.
		base.Rel, share = roundUp(s.MaxRel*(1+1e-15)), s.MaxRel
	} else {
		base.Abs = roundUp(s.MaxAbs)
	}
	p := proposal{rule: PathRule{Number: &base}, why: counted(s) + ": " + errorsOf(s)}
	if math.IsInf(base.Abs+base.Rel, 0) {
		return proposal{stays: isReal}
	}
	if share > tooLarge {
		p.stays, p.why = fmt.Sprintf("too large to be rounding, up to about %.2g %% of the values; %s", 100*share, errorsOf(s)), ""
	} else if n := s.Deltas - s.Errors.Count(); n > 0 {
		p.stays = fmt.Sprintf("%d of its %d deltas have NaN, an infinity or what is beyond float64 on a side, which no tolerance covers", n, s.Deltas)
	}
	return p
}

var halfDecade = math.Sqrt(10)

// spread is how many times the median the largest error is.
func spread(h Histogram, largest float64) float64 {
	median, _ := h.Quantile(0.5)
	from, _ := ErrorBounds(median)
	return largest / from
}

// scale is how large the values are, roughly: the largest reference among the
// exemplars, or what the medians of both errors make of it. 1 if they are all 0.
func scale(s *SignatureTally) float64 {
	var largest float64
	for _, e := range s.Exemplars {
		if v, err := strconv.ParseFloat(e.Reference, 64); err == nil && !math.IsNaN(v) {
			largest = max(largest, math.Abs(v))
		}
	}
	if rel := quantile(s.RelErrors, 0.5); rel > 0 {
		largest = max(largest, quantile(s.Errors, 0.5)/rel)
	}
	if largest == 0 {
		return 1
	}
	return largest
}

// roundUp returns the least number of two significant digits that is not below v.
func roundUp(v float64) float64 {
	text := strconv.FormatFloat(v, 'e', 1, 64) // d.de±dd
	if f, _ := strconv.ParseFloat(text, 64); f >= v {
		return f
	}
	digits, exponent, _ := strings.Cut(text, "e")
	tenths, _ := strconv.Atoi(strings.Replace(digits, ".", "", 1))
	e, _ := strconv.Atoi(exponent)
	f, _ := strconv.ParseFloat(fmt.Sprintf("%de%d", tenths+1, e-1), 64)
	return f
}

// proposeText proposes the least forgiving way to read texts that makes all
// exemplars equal.
func proposeText(s *SignatureTally) proposal {
	for _, r := range []PathRule{
		{Trim: true},
		{Unicode: "nfc"},
		{Case: "ignore"},
		{Trim: true, Unicode: "nfc"},
		{Trim: true, Case: "ignore"},
		{Unicode: "nfc", Case: "ignore"},
		{Trim: true, Unicode: "nfc", Case: "ignore"},
	} {
		if all(s, func(e Exemplar) bool { return sameForm(r, e) }) {
			return proposal{rule: r, why: counted(s) + ": the texts differ in no more than this, as " + pairOf(s)}
		}
	}
	return proposal{stays: isReal}
}

func sameForm(r PathRule, e Exemplar) bool {
	a, okA := textOf(e.Reference)
	b, okB := textOf(e.Candidate)
	return okA && okB && bytes.Equal(r.form(a), r.form(b))
}

// form is what machine.textForm does, by a single rule.
func (r PathRule) form(text string) []byte {
	b := []byte(text)
	if r.Trim {
		b = bytes.TrimSpace(b)
	}
	if r.Unicode != "" {
		b = norm.NFC.Bytes(b)
	}
	if r.Case != "" {
		b = cases.Fold().Bytes(b)
	}
	return b
}

// textOf is what a string's literal means, or a cell, if it is all there.
func textOf(literal string) (text string, ok bool) {
	if strings.HasSuffix(literal, "…") {
		return "", false
	}
	if !strings.HasPrefix(literal, `"`) {
		return literal, true
	}
	err := json.Unmarshal([]byte(literal), &text)
	return text, err == nil
}

// proposeVoid proposes to take null or empty values for absent ones, if that is
// all that is absent.
func proposeVoid(s *SignatureTally) proposal {
	var r PathRule
	path, _ := parsePath(s.Path)
	member := len(path) > 0 && path[len(path)-1].kind == byName
	onlyVoid := member && all(s, func(e Exemplar) bool {
		switch strings.Join(strings.Fields(e.Reference+e.Candidate), "") { // one of them is absent
		case "null":
			r.NullAbsent = true
		case `""`, "[]", "{}":
			r.EmptyAbsent = true
		default:
			return false
		}
		return true
	})
	if !onlyVoid {
		return proposal{stays: isReal}
	}
	return proposal{rule: r, why: counted(s) + ": one side leaves it out, the other has " + visible(s.Exemplars[0].Reference+s.Exemplars[0].Candidate)}
}

func all(s *SignatureTally, ok func(Exemplar) bool) bool {
	return len(s.Exemplars) > 0 && !slices.ContainsFunc(s.Exemplars, func(e Exemplar) bool { return !ok(e) })
}
