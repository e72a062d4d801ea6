package importer

import (
	"errors"
	"maps"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// pairs joins requests with their answers by key, wherever in the source they
// are. Halves wait in memory for the other one, up to a limit; then all go, sorted
// by key, into a temporary file, and the files are merged at the end:
//
//	request ─▶ waiting, by key ──────────── meets its answer ─▶ sink
//	              │ full                                         ▲
//	              ▼                                              │
//	            runs, sorted by key ─▶ merge, at the end ────────┘
//
// So memory depends on neither the source's length nor how far halves are apart.
type pairs struct {
	sink    *sink
	waiting map[string]*half
	bytes   int // of those that wait
	limit   int
	runs    []*run
}

// half is a request, or an answer.
type half struct {
	key    string
	answer bool
	place  place
	e      *exchange.Exchange // the one side of it
}

func (h *half) size() int {
	e := h.e
	return len(h.key) + len(e.Request.Headers) + len(e.Request.Body) + len(e.Reference.Headers) + len(e.Reference.Body) + 512
}

func newPairs(s *sink, limit int) *pairs {
	if limit == 0 {
		limit = 64 << 20
	}
	return &pairs{sink: s, limit: limit, waiting: map[string]*half{}}
}

// put takes a half. An error is the sink's, or a temporary file's.
func (p *pairs) put(h *half) error {
	other := p.waiting[h.key]
	switch {
	case other == nil:
		p.waiting[h.key] = h
		if p.bytes += h.size(); p.bytes > p.limit {
			return p.spill()
		}
		return nil
	case other.answer == h.answer:
		p.duplicate(h, other)
		return nil
	}
	delete(p.waiting, h.key)
	p.bytes -= other.size()
	return p.join(other, h)
}

func (p *pairs) duplicate(h, first *half) {
	p.sink.drop(h.place, Duplicate, errors.New("its id is that of "+first.place.String()))
}

// join records a request and its answer.
func (p *pairs) join(a, b *half) error {
	if a.answer {
		a, b = b, a
	}
	e := a.e
	e.Reference = b.e.Reference
	if e.Defect == "" {
		e.Defect = b.e.Defect
	}
	if b.e.Time != 0 { // when the answer began; its latency is from there
		e.Reference.FirstByteUS = max(0, int64(b.e.Time-e.Time))
		e.Reference.LatencyUS += e.Reference.FirstByteUS
	}
	if e.Request.Method == "HEAD" && len(e.Reference.Body) == 0 && e.Defect == exchange.ResponseTruncated {
		e.Defect = "" // it has the length of a body that never comes
	}
	return p.sink.add(a.place, e)
}

// alone records a request without an answer, and drops an answer without a request.
func (p *pairs) alone(h *half) error {
	if h.answer {
		p.sink.drop(h.place, NoRequest, errors.New("nowhere is the request of this id"))
		return nil
	}
	return p.sink.add(h.place, h.e)
}

// finish gives up all that waits.
func (p *pairs) finish() error {
	if len(p.runs) == 0 {
		for _, key := range slices.Sorted(maps.Keys(p.waiting)) {
			if err := p.alone(p.waiting[key]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := p.spill(); err != nil {
		return err
	}
	return p.merge()
}

// merge meets the halves of all runs in the order of their keys.
func (p *pairs) merge() error {
	var last *half
	for h, err := range merged(p.runs) {
		switch {
		case err != nil:
			return err
		case last == nil:
			last = h
		case last.key != h.key:
			err = p.alone(last)
			last = h
		case last.answer == h.answer:
			p.duplicate(h, last)
		default:
			err = p.join(last, h)
			last = nil
		}
		if err != nil {
			return err
		}
	}
	if last == nil {
		return nil
	}
	return p.alone(last)
}

func (p *pairs) spill() error {
	r, err := newRun(p.waiting)
	if err != nil {
		return err
	}
	p.runs = append(p.runs, r)
	clear(p.waiting)
	p.bytes = 0
	return nil
}

// close removes the temporary files.
func (p *pairs) close() {
	for _, r := range p.runs {
		r.close()
	}
}
