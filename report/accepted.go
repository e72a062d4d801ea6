package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// Acceptance says that a difference is known and accepted, until a day. A file of
// them is reviewed like code.
type Acceptance struct {
	Model     string `json:"model" yaml:"model"`         // a glob
	Signature string `json:"signature" yaml:"signature"` // as show and report print it: "$.scores[*].value number"
	Reason    string `json:"reason" yaml:"reason"`
	Until     Date   `json:"until" yaml:"until"`                             // the last day, in UTC
	Run       string `json:"run,omitempty" yaml:"run,omitempty"`             // where it was seen
	Judgement string `json:"judgement,omitempty" yaml:"judgement,omitempty"` // of that run
}

// Date is a day in UTC, written 2026-12-31.
type Date struct{ time.Time }

// UnmarshalText reads 2026-12-31.
func (d *Date) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("%q is no date: write 2026-12-31", text)
	}
	return nil
}

// MarshalText writes 2026-12-31.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Date) String() string { return d.Format(time.DateOnly) }

// Expired says whether the day is over.
func (a Acceptance) Expired(now time.Time) bool { return !now.Before(a.Until.AddDate(0, 0, 1)) }

func (a Acceptance) covers(model, signature string) bool {
	return a.Signature == signature && exchange.Glob(a.Model, model)
}

// ParseAcceptances reads a file of them: a YAML list. Unknown keys, what is left
// out, and two entries for one thing are errors.
func ParseAcceptances(text []byte) (list []Acceptance, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := dec.Decode(&list); err != nil && err != io.EOF {
		return nil, errors.New(yaml.FormatError(err, false, true))
	}
	for i, a := range list {
		if err := a.Validate(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		for j, other := range list[:i] {
			if a.Signature == other.Signature && exchange.GlobsOverlap(a.Model, other.Model) {
				return nil, fmt.Errorf("entries %d and %d both accept %q of one model: keep one", j+1, i+1, a.Signature)
			}
		}
	}
	return list, nil
}

// Validate says what is left out.
func (a Acceptance) Validate() error {
	for _, field := range []struct{ name, value string }{{"model", a.Model}, {"signature", a.Signature}, {"reason", strings.TrimSpace(a.Reason)}} {
		if field.value == "" {
			return fmt.Errorf("it has no %s", field.name)
		}
	}
	if strings.HasPrefix(a.Signature, compare.Others) {
		return fmt.Errorf("signature %s stands for ways to differ that are not kept apart: accept them one by one, or change the rules", a.Signature)
	}
	if a.Until.IsZero() {
		return errors.New("it has no until: what is accepted must end some day")
	}
	return nil
}

// Accepted is an entry with what it comes to in a run.
type Accepted struct {
	Acceptance
	IsExpired bool  `json:"expired,omitempty"` // it counts for nothing any more
	Seen      int64 `json:"requests"`          // Acceptance.Requests
}

func newAccepted(list []Acceptance, now time.Time, t *compare.Tally) (all []Accepted) {
	for _, entry := range list {
		all = append(all, Accepted{entry, entry.Expired(now), entry.Requests(t)})
	}
	return all
}

// accepts says whether a signature is accepted of a model.
func accepts(list []Accepted, model, signature string) bool {
	return slices.ContainsFunc(list, func(a Accepted) bool { return !a.IsExpired && a.covers(model, signature) })
}

// Requests counts the distinct requests that differ so, whether in other ways too
// or not; of a signature that is nothing but noise the exchanges.
func (a Acceptance) Requests(t *compare.Tally) (n int64) {
	for model, m := range t.Models {
		if !exchange.Glob(a.Model, model) {
			continue
		}
		if requests := bySignature(m)[a.Signature]; requests != nil {
			n += requests.Len()
		} else if s := m.Signatures[a.Signature]; s != nil {
			n += s.Exchanges
		}
	}
	return n
}

// warnOfAccepted says which entries do nothing.
func (s *Summary) warnOfAccepted() {
	for _, a := range s.Accepted {
		what := fmt.Sprintf("%q of model %s", a.Signature, a.Model)
		switch {
		case a.IsExpired && a.Seen > 0:
			s.warn("%s was accepted until %s and counts again: %s", what, a.Until, a.Reason)
		case a.IsExpired:
			s.warn("%s was accepted until %s and is not seen any more: remove the entry", what, a.Until)
		case a.Seen == 0:
			s.warn("%s is accepted and not seen: is the entry still needed, or misspelt?", what)
		}
	}
}

// writeAccepted lists what is accepted and seen.
func writeAccepted(b *strings.Builder, list []Accepted) {
	for _, a := range list {
		if a.IsExpired || a.Seen == 0 {
			continue // there is a warning
		}
		writeWrapped(b, "accepted  ", fmt.Sprintf("%s of %s, until %s: %s (%s)", a.Signature, a.Model, a.Until, a.Reason, plural(a.Seen, "request")))
	}
}
