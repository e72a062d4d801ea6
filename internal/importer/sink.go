package importer

import (
	"fmt"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// place is where something was read.
type place struct {
	file string
	unit string // line, entry, row, byte
	at   int64
}

func (p place) String() string { return fmt.Sprintf("%s %d of %s", p.unit, p.at, p.file) }

// sink takes what a format's reader has read, and counts it.
type sink struct {
	options Options
	result  Result
	pairs   *pairs
	buf     []byte
}

func newSink(o Options) *sink {
	s := &sink{options: o}
	s.pairs = newPairs(s, o.WindowBytes)
	return s
}

// add records the exchange that was read at p. An exchange without an ID gets the
// one that follows from its time, its place and all that it holds.
func (s *sink) add(p place, e *exchange.Exchange) error {
	s.served()
	s.result.Ledger.Recorded++
	r, a := &e.Request, &e.Reference
	for _, text := range []*string{&r.SourceID, &r.Method, &r.Path, &r.ContentType, &a.ContentType} {
		*text = exchange.Clean(*text)
	}
	if e.SamplingProbability == 0 {
		e.SamplingProbability = 1
	}
	if a.Status == 0 && e.Defect == "" {
		e.Defect = exchange.NoAnswer
	}
	if a.Status == 0 {
		s.result.Unanswered++
	}
	s.name(e)
	e.RequestHash = exchange.HashRequest(e)
	if e.ID == (exchange.ID{}) {
		s.buf = exchange.Append(s.buf[:0], e, exchange.RequestSide|exchange.ReferenceSide)
		e.ID = exchange.DeriveID(e.Time.Time(), []byte(p.file), fmt.Append(nil, p.at), s.buf)
	}
	return s.options.Add(e)
}

// name finds the model and its version.
func (s *sink) name(e *exchange.Exchange) {
	find := func(rule func(*exchange.Exchange) string, name string) string {
		if rule != nil {
			if found := rule(e); found != "" {
				return found
			}
		}
		return strings.ToValidUTF8(name, "\ufffd") // else as it is written: who prints it escapes it
	}
	e.Model = find(s.options.Model, e.Model)
	e.ModelVersion = find(s.options.Version, e.ModelVersion)
	if e.Model == "" {
		e.Model = exchange.UnknownModel
	}
	if e.Model == exchange.UnknownModel {
		s.result.Unnamed++
	}
}

// namedDrops is how many that are dropped for one reason are named; all are counted.
const namedDrops = 10

// drop counts what was read at p and is no exchange.
func (s *sink) drop(p place, reason string, err error) {
	s.served()
	l := &s.result.Ledger
	if l.Dropped == nil {
		l.Dropped = map[string]int64{}
	}
	l.Dropped[reason]++
	if s.options.Dropped != nil && l.Dropped[reason] <= namedDrops {
		s.options.Dropped(reason, p.String(), err)
	}
}

func (s *sink) served() {
	s.result.Ledger.Served++
	if s.options.Seen != nil {
		s.options.Seen.Add(1)
	}
}
