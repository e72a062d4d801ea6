package compare

import (
	"maps"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/internal/exchange"
)

// Without this, workers that read the splits in another order could know another
// noise, and so make another judgement of one run.
func TestRequestsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 0, 60).Draw(rt, "exchanges")
		for i := range all {
			all[i].RequestHash = rapid.Int64Range(0, 40).Draw(rt, "request")
			all[i].Reference.Hash = exchange.HashAnswer(&all[i].Reference)
		}
		most := rapid.IntRange(1, 50).Draw(rt, "most")
		read := func(rows_ []exchange.Exchange) *Requests {
			r := NewRequests()
			r.most = most
			src := &rows{all: rows_, size: 3, sides: exchange.KeySide | exchange.ReferenceSide}
			if err := r.Read(t.Context(), src, exchange.Selection{}); err != nil {
				rt.Fatal(err)
			}
			return r
		}
		what := func(r *Requests) map[asked][2]bool {
			found := map[asked][2]bool{}
			for key, req := range r.seen {
				found[key] = [2]bool{req.again, req.differ}
			}
			return found
		}
		want := read(all)
		at := rapid.IntRange(0, len(all)).Draw(rt, "at")
		left, right := read(all[:at]), read(all[at:])
		if rapid.Bool().Draw(rt, "swap") {
			left, right = right, left
		}
		left.Merge(right)
		if !maps.Equal(what(want), what(left)) || want.mask != left.mask || len(want.seen) > most && want.mask != math.MaxUint64 {
			rt.Fatalf("at once %v, merged %v", what(want), what(left))
		}
		for i := range all {
			e := &all[i]
			again, differ := want.repeated(e)
			count, others := 0, false
			for j := range all {
				o := &all[j]
				if askedOf(o) == askedOf(e) && o.Defect == "" && o.Reference.Status != 0 {
					count++
					others = others || o.Reference.Hash != e.Reference.Hash || o.Reference.Status != e.Reference.Status
				}
			}
			counts := e.Defect == "" && e.Reference.Status != 0
			if counts && want.mask == 0 && (again != (count > 1) || differ != (count > 1 && others)) {
				rt.Fatalf("request %d: again %v, differ %v; it is there %d times, otherwise %v", e.RequestHash, again, differ, count, others)
			}
		}
	})
}
