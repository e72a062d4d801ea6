package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// How much is shown of the mismatch set.
const (
	allExhibits = 120 // of all models together
	exhibitsOf  = 4   // of a model: a signature has one
	spares      = 4   // exchanges that are remembered for a signature, as another may show the first already
	allPoints   = 24_000
	pointsOf    = 400 // of a signature
	pointsEach  = 8   // of one exchange
)

// Exhibits are what the page shows of a mismatch set, beside what the summary
// has: whole answers side by side, and pairs of numbers. The zero value has none.
type Exhibits struct {
	Answers map[SignatureID]Answers
	Points  map[SignatureID][]Point
}

// SignatureID names a signature of a model.
type SignatureID struct{ Model, Signature string }

// Answers are the two of one mismatch.
type Answers struct {
	ID        exchange.ID
	Time      time.Time
	Request   string // its method, path and body; WriteHTML cuts it
	Reference string // status, media type, size and time
	Candidate string
	Sheet     *compare.Sheet
}

// Point is a number that differs.
type Point struct{ Reference, Candidate float64 }

// Curator picks the exhibits of the models and signatures that the page details,
// worst first, from a mismatch set of any size. Which ones follows from the set
// alone, however often and in which order its rows are met. It is safe for
// concurrent use.
//
//	Offer every row's deltas ──▶ Wanted ids ──▶ Show these rows' answers ──▶ Exhibits
type Curator struct {
	mu     sync.Mutex
	order  []SignatureID // worst model first
	wanted map[SignatureID]*wanted
	shows  map[exchange.ID]SignatureID
	found  Exhibits
}

// wanted is what was offered of a signature, the lowest hashes first.
type wanted struct {
	ids    []hashed[exchange.ID]
	points []hashed[Point]
	most   int // points
}

type hashed[T any] struct {
	hash uint64
	it   T
}

// NewCurator picks for the page of s.
func NewCurator(s *Summary) *Curator {
	c := &Curator{wanted: map[SignatureID]*wanted{}, found: Exhibits{map[SignatureID]Answers{}, map[SignatureID][]Point{}}}
	for _, m := range s.detailed() {
		for _, sig := range m.Signatures[:min(len(m.Signatures), exhibitsOf)] {
			if sig.differing() == 0 || len(c.order) == allExhibits {
				continue // noise is not in the set
			}
			id := SignatureID{m.Name, sig.name()}
			c.order = append(c.order, id)
			c.wanted[id] = &wanted{}
		}
	}
	for _, w := range c.wanted {
		w.most = min(pointsOf, allPoints/len(c.wanted))
	}
	return c
}

// Wants says whether a model has anything to show.
func (c *Curator) Wants(model string) bool {
	return slices.ContainsFunc(c.order, func(id SignatureID) bool { return id.Model == model })
}

// Offer looks at the deltas of a row of the mismatch set, and says whether the row
// may be wanted; later offers may be put before it. An error means that the deltas
// are not what compare writes.
func (c *Curator) Offer(e *exchange.Exchange) (kept bool, err error) {
	var deltas []compare.Delta
	if err := json.Unmarshal(e.Verdict.Deltas, &deltas); err != nil {
		return false, fmt.Errorf("read the deltas of exchange %s: %w", e.ID, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hash, points := hashOf(e.ID), map[SignatureID]int{}
	for _, d := range deltas {
		id := SignatureID{e.Model, d.Signature}
		w := c.wanted[id]
		if w == nil || d.Noise {
			continue
		}
		x := hashed[exchange.ID]{hash, e.ID}
		w.ids = lowest(w.ids, x, spares, func(a, b exchange.ID) int { return slices.Compare(a[:], b[:]) })
		kept = kept || slices.Contains(w.ids, x)
		if p, ok := pointOf(d.Reference, d.Candidate); ok && d.Kind == compare.KindNumber && points[id] < pointsEach {
			w.points = lowest(w.points, hashed[Point]{hash, p}, w.most, comparePoints)
			points[id]++
		}
	}
	return kept, nil
}

// pointOf reads two literals; false where one of them is no finite number.
func pointOf(reference, candidate string) (p Point, ok bool) {
	ref, err := strconv.ParseFloat(reference, 64)
	cand, err2 := strconv.ParseFloat(candidate, 64)
	finite := !math.IsInf(ref, 0) && !math.IsNaN(ref) && !math.IsInf(cand, 0) && !math.IsNaN(cand)
	return Point{ref, cand}, err == nil && err2 == nil && finite
}

func comparePoints(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Candidate, b.Candidate))
}

// lowest puts x among the first most of a sorted list, once.
func lowest[T any](list []hashed[T], x hashed[T], most int, order func(a, b T) int) []hashed[T] {
	at, found := slices.BinarySearchFunc(list, x, func(a, b hashed[T]) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), order(a.it, b.it))
	})
	if found || at == most {
		return list
	}
	list = slices.Insert(list, at, x)
	return list[:min(len(list), most)]
}

func hashOf(id exchange.ID) uint64 {
	h := fnv.New64a()
	h.Write(id[:])
	return h.Sum64()
}

// Wanted are the exchanges whose answers are to be shown, when all rows were
// offered: of each signature the one with the lowest hash that shows none before it.
func (c *Curator) Wanted() map[exchange.ID]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shows = map[exchange.ID]SignatureID{}
	ids := map[exchange.ID]bool{}
	for _, name := range c.order {
		for _, x := range c.wanted[name].ids {
			if !ids[x.it] {
				ids[x.it], c.shows[x.it] = true, name
				break
			}
		}
	}
	return ids
}

// Show takes the answers of a wanted exchange.
func (c *Curator) Show(a Answers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name, ok := c.shows[a.ID]; ok {
		c.found.Answers[name] = a
	}
}

// Exhibits are those that were found.
func (c *Curator) Exhibits() Exhibits {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, w := range c.wanted {
		list := []Point{}
		for _, p := range w.points {
			list = append(list, p.it)
		}
		c.found.Points[name] = list
	}
	return c.found
}
