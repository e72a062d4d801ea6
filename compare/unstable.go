package compare

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"math"
	"math/bits"
	"slices"
	"sync"
	"unsafe"

	"github.com/modelparity/parity/internal/exchange"
)

// RunSplits gives out all splits of a run, several at a time and in any order, and
// returns the first error.
type RunSplits interface {
	// Requests calls look with the request hashes of all that the recording holds
	// there, in parts.
	Requests(ctx context.Context, look func(hashes []uint64)) error
	// Answers calls look once for each split, with what Split judges but for
	// Mismatches.
	Answers(ctx context.Context, look func(context.Context, SplitInput) error) error
}

// Unstable finds the requests that the candidate answers in several ways, and
// those that the old system does, wherever in the run their repeats lie. seen has
// met the requests of all splits. The tally has just that, and does not depend on
// how the exchanges lie in splits.
//
// It looks at the splits several times, each time at less:
//
//	seen     request hashes      which are there twice?
//	differ   hashes of answers   of these: which are not all answered in the same bytes?
//	pick     answers             of these: what does the exchange with the lowest id say?
//	check    answers             and do the others say the same, under the rules?
//
// What is held is bounded: see maxRepeated and maxFirst. Past either it looks at a
// fair sample of the repeated requests, and says so in Tally.RepeatsSampled.
func (j *Judge) Unstable(ctx context.Context, seen *Sightings, run RunSplits) (*Tally, error) {
	u := newInstability(j, seen)
	if err := u.run(ctx, run); err != nil {
		return nil, err
	}
	return u.tally, nil
}

// instability is the state of Unstable. The mutex guards what the splits share.
type instability struct {
	judge    *Judge
	mu       sync.Mutex
	seen     *Sightings
	requests []uint64 // that are still looked at, sorted
	said     []uint64 // of each, what its first answers say, 0: nothing yet
	differs  []bool   // and that others say something else
	mask     uint64   // the bits of a request's hash that must be 0
	firsts   map[asked]*firstAnswers
	held     int64 // bytes of firsts
	most     int64 // maxFirst, but in tests
	tally    *Tally
}

// firstAnswers are those to the exchange with the lowest id of a request.
type firstAnswers struct {
	id                   exchange.ID
	reference, candidate exchange.Answer // copies
	size                 int64           // in bytes, of the largest that was one
}

func newInstability(j *Judge, seen *Sightings) *instability {
	return &instability{judge: j, seen: seen, firsts: map[asked]*firstAnswers{}, most: maxFirst, tally: NewTally()}
}

func (u *instability) run(ctx context.Context, run RunSplits) error {
	for u.seen.next() {
		if err := run.Requests(ctx, u.seen.Add); err != nil {
			return err
		}
	}
	u.requests = u.seen.repeated()
	u.mask, u.said, u.differs = u.seen.mask, make([]uint64, len(u.requests)), make([]bool, len(u.requests))
	for _, step := range []func(context.Context, SplitInput) error{u.differ, u.pick, u.check} {
		if len(u.requests) == 0 {
			break
		}
		if err := run.Answers(ctx, step); err != nil {
			return err
		}
		u.narrow()
	}
	u.tally.RepeatsSampled = bits.OnesCount64(u.mask)
	return nil
}

// at is where a request stands among those that are looked at, -1: it does not.
func (u *instability) at(e *exchange.Exchange) int {
	at, found := slices.BinarySearch(u.requests, uint64(e.RequestHash))
	if !found {
		return -1
	}
	return at
}

// differ finds the requests whose answers are not all the same bytes.
func (u *instability) differ(ctx context.Context, in SplitInput) error {
	s := u.judge.newSplit(in)
	return s.each(ctx, func(e *exchange.Exchange) error {
		at := u.at(e)
		if at < 0 || !answeredBoth(e) {
			return nil
		}
		said := saying(e)
		u.mu.Lock()
		defer u.mu.Unlock()
		// What counts of several answers is not known without their bodies.
		u.differs[at] = u.differs[at] || said == 0 || len(s.earlier) > 0 || u.said[at] != 0 && u.said[at] != said
		u.said[at] = said
		return nil
	})
}

// narrow drops the requests that a step was the last to look at.
func (u *instability) narrow() {
	kept := u.requests[:0]
	for i, hash := range u.requests {
		if hash&u.mask == 0 && (u.differs == nil || u.differs[i]) {
			kept = append(kept, hash)
		}
	}
	u.requests, u.said, u.differs = kept, nil, nil
}

// answeredBoth says that there are two answers, though they may be unreadable.
func answeredBoth(e *exchange.Exchange) bool {
	return e.Defect == "" && e.Reference.Status != 0 && !silent(&e.Reference, &e.Candidate.Answer)
}

// saying is equal for exchanges with the same answers, declared alike, of one
// version of the old system; 0 where that is not known without their bodies.
func saying(e *exchange.Exchange) (said uint64) {
	if e.Reference.Hash == 0 || e.Candidate.Hash == 0 {
		return 0
	}
	for _, part := range [...]uint64{
		hashString(e.ModelVersion), uint64(e.Reference.Hash), uint64(e.Reference.Status), hashString(e.Reference.ContentType),
		uint64(e.Candidate.Hash), uint64(e.Candidate.Status), hashString(e.Candidate.ContentType), hashString(string(e.Candidate.Failure)),
	} {
		said = (said ^ part) * 0x9E3779B97F4A7C15
		said ^= said >> 32
	}
	return max(said, 1)
}

// judged calls fn for the exchanges that are looked at and have a verdict, with
// their bodies.
func (u *instability) judged(ctx context.Context, in SplitInput, fn func(*comparer, *ModelProfile, *exchange.Exchange)) error {
	s := u.judge.newSplit(in)
	return s.each(ctx, func(e *exchange.Exchange) error {
		if u.at(e) < 0 || !answeredBoth(e) {
			return nil
		}
		if err := s.load(e, bothAnswers); err != nil {
			return err
		}
		m := s.model(e.Model)
		d, _, err := s.decide(m, e)
		if err != nil {
			return err
		}
		if d.outcome == Match || d.outcome == Mismatch {
			fn(m.comparer, m.noise, e)
		}
		return nil
	})
}

// pick holds for each request the answers to the exchange with the lowest id.
func (u *instability) pick(ctx context.Context, in SplitInput) error {
	return u.judged(ctx, in, func(_ *comparer, _ *ModelProfile, e *exchange.Exchange) {
		u.mu.Lock()
		defer u.mu.Unlock()
		if uint64(e.RequestHash)&u.mask != 0 { // by now
			return
		}
		first := u.firsts[askedOf(e)]
		if first == nil {
			first = &firstAnswers{}
			u.firsts[askedOf(e)] = first
		}
		if first.size == 0 || e.ID != first.id && bytes.Compare(e.ID[:], first.id[:]) < 0 || e.ID == first.id && first.above(e) {
			own := copied(e)
			first.id, first.reference, first.candidate = e.ID, own.Reference, own.Candidate.Answer
		}
		u.grow(first, int64(unsafe.Sizeof(*first))+int64(len(e.Reference.Body)+len(e.Reference.Headers)+len(e.Candidate.Body)+len(e.Candidate.Headers)))
	})
}

// above says that e stands before f although an id is there twice.
func (f *firstAnswers) above(e *exchange.Exchange) bool {
	return cmp.Or(orderAnswers(&e.Candidate.Answer, &f.candidate), orderAnswers(&e.Reference, &f.reference)) < 0
}

func orderAnswers(a, b *exchange.Answer) int {
	return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.ContentType, b.ContentType), bytes.Compare(a.Headers, b.Headers), bytes.Compare(a.Body, b.Body))
}

// grow counts the bytes of first, and drops half of the requests while all are too
// many. It counts the largest answers that a request ever had here, so that what
// is left does not depend on the order in which they come.
func (u *instability) grow(first *firstAnswers, size int64) {
	if size > first.size {
		u.held += size - first.size
		first.size = size
	}
	for u.held > u.most && u.mask != math.MaxUint64 {
		u.mask = u.mask<<1 | 1
		maps.DeleteFunc(u.firsts, func(key asked, f *firstAnswers) bool {
			out := uint64(key.request)&u.mask != 0
			if out {
				u.held -= f.size
			}
			return out
		})
	}
}

// check holds the other answers to a request against the first ones.
func (u *instability) check(ctx context.Context, in SplitInput) error {
	t, seen := NewTally(), map[string]*sighting{}
	err := u.judged(ctx, in, func(c *comparer, noise *ModelProfile, e *exchange.Exchange) {
		first := u.firsts[askedOf(e)]
		if c.compare(&first.reference, &e.Reference).outcome == Mismatch {
			t.Model(e.Model).Restless.Add(e.RequestHash)
			return
		}
		if c.compareTwice(&first.candidate, &e.Candidate.Answer).outcome == Mismatch {
			clear(seen)
			t.unstable(c, noise, e, seen)
		}
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tally.Merge(t)
	return nil
}

// unstable counts what the candidate's answers to one request differ in, as
// signatures of their own kind. What the old system does as well is noise.
func (t *Tally) unstable(c *comparer, noise *ModelProfile, e *exchange.Exchange, seen map[string]*sighting) {
	c.each(func(f finding) {
		if noise.inside(&f) {
			return
		}
		m := t.Model(e.Model)
		m.Unstable.Add(e.RequestHash)
		f.Kind = KindUnstable
		m.delta(e, &f, seen)
		if m.overfull() {
			m.Trim()
		}
	})
}
