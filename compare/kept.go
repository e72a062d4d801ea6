package compare

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// kept are the mismatches of a split that go into its mismatch set: all of
// them, or of each model and signature the exchanges with the lowest hashes. An
// exchange stays as long as one of its signatures wants it. What stays follows
// from the split alone, so that shards and repetitions agree.
type kept struct {
	most   int // of a signature; 0 is all
	byRow  map[int64]*keptRow
	wanted map[string][]*keptRow // by model and signature, lowest hash first
}

// keptRow is a mismatch, with a copy of what it points to.
type keptRow struct {
	row      int64 // of the split, from 1
	hash     uint64
	wants    int // signatures that want it
	exchange exchange.Exchange
}

func newKept(most int) *kept {
	return &kept{most: most, byRow: map[int64]*keptRow{}, wanted: map[string][]*keptRow{}}
}

// seen are the signatures of the exchange.
func (k *kept) add(row int64, model string, seen map[string]*sighting, e *exchange.Exchange) {
	r := &keptRow{row: row, hash: hashString(string(e.ID[:]))}
	if k.most == 0 {
		r.wants = 1
	}
	for signature, s := range seen {
		if k.most > 0 && !s.noise {
			k.want(model+"\x00"+signature, r)
		}
	}
	if r.wants > 0 {
		r.exchange = copied(e)
		k.byRow[row] = r
	}
}

// want adds the row to a signature's, if it is among the lowest.
func (k *kept) want(signature string, r *keptRow) {
	rows := k.wanted[signature]
	at, _ := slices.BinarySearchFunc(rows, r, func(a, b *keptRow) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.row, b.row))
	})
	if at == k.most {
		return
	}
	rows = slices.Insert(rows, at, r)
	r.wants++
	if len(rows) > k.most {
		last := rows[k.most]
		rows = rows[:k.most]
		if last.wants--; last.wants == 0 {
			delete(k.byRow, last.row)
		}
	}
	k.wanted[signature] = rows
}

// rows lists what is kept in the order of the split.
func (k *kept) rows() []*keptRow {
	return slices.SortedFunc(maps.Values(k.byRow), func(a, b *keptRow) int { return cmp.Compare(a.row, b.row) })
}

// copied is an exchange whose bytes are its own.
func copied(e *exchange.Exchange) exchange.Exchange {
	c := *e
	for _, b := range []*[]byte{&c.Reference.Headers, &c.Reference.Body, &c.Candidate.Headers, &c.Candidate.Body} {
		*b = bytes.Clone(*b)
	}
	return c
}
