package exchange

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Rest is what a selection asks of an exchange beyond its key, but for the deltas:
// the reference's status, and what the exchange and its source are called.
type Rest struct {
	in, out  []statuses
	ids      map[ID]string // as they were asked for
	sources  map[string]bool
	askedIDs bool
}

// Rest is nil where a selection asks for nothing of the kind.
func (s *Selection) Rest() *Rest {
	if len(s.Statuses)+len(s.IDs) == 0 {
		return nil
	}
	r := &Rest{askedIDs: len(s.IDs) > 0, ids: map[ID]string{}, sources: map[string]bool{}}
	for _, text := range s.Statuses {
		list := &r.in
		if strings.HasPrefix(text, "!") {
			list = &r.out
		}
		set, _ := parseStatuses(text) // Validate has seen to it
		*list = append(*list, set)
	}
	for _, text := range s.IDs {
		r.sources[text] = true
		if id, err := ParseID(text); err == nil {
			r.ids[id] = text
		}
	}
	return r
}

// Match looks at id, source id and the reference's status of e.
func (r *Rest) Match(e *Exchange) bool {
	return r.matchStatus(e.Reference.Status) && (!r.askedIDs || r.ids[e.ID] != "" || r.sources[e.Request.SourceID])
}

// Asked are the ids by which e is asked for, as they were written: its own, its
// source's, or none.
func (r *Rest) Asked(e *Exchange) (as []string) {
	if text := r.ids[e.ID]; text != "" {
		as = append(as, text)
	}
	if r.sources[e.Request.SourceID] {
		as = append(as, e.Request.SourceID)
	}
	return as
}

func (r *Rest) matchStatus(status int64) bool {
	for _, set := range r.out {
		if set.has(status) {
			return false
		}
	}
	for _, set := range r.in {
		if set.has(status) {
			return true
		}
	}
	return len(r.in) == 0
}

// statuses are those from first to last.
type statuses struct{ first, last int64 }

func (s statuses) has(status int64) bool { return s.first <= status && status <= s.last }

// parseStatuses reads 200, 2xx or 500-599, with or without a ! before it.
func parseStatuses(text string) (s statuses, err error) {
	pattern := strings.ToLower(strings.TrimPrefix(text, "!"))
	first, last, isRange := strings.Cut(pattern, "-")
	if !isRange {
		last = first
	}
	if class, ok := strings.CutSuffix(pattern, "xx"); ok && len(class) == 1 {
		first, last = class+"00", class+"99"
	}
	s.first, err = strconv.ParseInt(first, 10, 64)
	if err == nil {
		s.last, err = strconv.ParseInt(last, 10, 64)
	}
	if err != nil || s.first < 0 || s.first > s.last || s.last > 999 {
		return s, fmt.Errorf("status %q: write 200, 2xx or 500-599, with a ! before it to leave these out; 0 is no answer", text)
	}
	return s, nil
}

// Cut is where a plan of at most so many requests ends: it has the exchanges that
// are before it by request hash, as an unsigned number, and where that is the same
// by id. Hashes look random, so these are as good a sample as any of that size; it
// is the same in any order of reading; and it holds a smaller one, or what --sample
// takes, whole. Repeats of a request stay together but at the cut itself.
type Cut struct {
	Hash int64
	ID   ID
}

// CutAt is the place of an exchange.
func CutAt(e *Exchange) Cut { return Cut{e.RequestHash, e.ID} }

// Compare orders places.
func (c Cut) Compare(o Cut) int {
	return cmp.Or(cmp.Compare(uint64(c.Hash), uint64(o.Hash)), bytes.Compare(c.ID[:], o.ID[:]))
}

// Has says whether e is before the cut.
func (c Cut) Has(e *Exchange) bool { return CutAt(e).Compare(c) < 0 }

// String is the cut as ParseCut reads it.
func (c Cut) String() string { return fmt.Sprintf("%016x/%s", uint64(c.Hash), c.ID) }

// ParseCut reads what String writes.
func ParseCut(text string) (Cut, error) {
	digits, id, _ := strings.Cut(text, "/")
	hash, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return Cut{}, fmt.Errorf("cut %q: must be a hash and an id", text)
	}
	c := Cut{Hash: int64(hash)}
	c.ID, err = ParseID(id)
	return c, err
}
