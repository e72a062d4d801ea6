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
	said     []spoken // of each
	mask     uint64   // the bits of a request's hash that must be 0
	firsts   map[asked]*firstAnswers
	held     int64 // bytes of firsts
	most     int64 // maxFirst, but in tests
	tally    *Tally
}

// spoken is what is known of a request's answers without their bodies.
type spoken struct {
	reference, candidate uint64 // what both systems say in one exchange of it; 0: nothing yet
	restless, differs    bool   // that the old system, or either, says something else in another
}

// firstAnswers are those to the exchange with the lowest id of a request.
type firstAnswers struct {
	id        exchange.ID
	reference *exchange.Answer // nil: the old system always said it in the same bytes
	candidate exchange.Answer
	size      int64 // in bytes, of the largest that was one
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
	u.mask, u.said = u.seen.mask, make([]spoken, len(u.requests))
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
		u.mu.Lock()
		defer u.mu.Unlock()
		u.said[at].meet(e, len(s.earlier) > 0)
		return nil
	})
}

// meet takes in another exchange. What counts of several answers to it is not known
// without their bodies.
func (s *spoken) meet(e *exchange.Exchange, sentAgain bool) {
	reference, candidate := mixed(hashString(e.ModelVersion), saying(&e.Reference)), saying(&e.Candidate.Answer)
	s.restless = s.restless || e.Reference.Hash == 0 || s.reference != 0 && s.reference != reference
	s.differs = s.differs || s.restless || sentAgain || e.Candidate.Hash == 0 || s.candidate != 0 && s.candidate != candidate
	s.reference, s.candidate = reference, candidate
}

// narrow drops the requests that a step was the last to look at.
func (u *instability) narrow() {
	kept, said := u.requests[:0], u.said[:0]
	for i, hash := range u.requests {
		if hash&u.mask == 0 && u.said[i].differs {
			kept, said = append(kept, hash), append(said, u.said[i])
		}
	}
	u.requests, u.said = kept, said
}

// answeredBoth says that there are two answers, though they may be unreadable.
func answeredBoth(e *exchange.Exchange) bool {
	return e.Defect == "" && e.Reference.Status != 0 && !silent(&e.Reference, &e.Candidate.Answer)
}

// saying is equal for the same answers, declared alike.
func saying(a *exchange.Answer) uint64 {
	return mixed(uint64(a.Hash), uint64(a.Status), hashString(a.ContentType), hashString(string(a.Failure)))
}

// mixed is a hash of its parts in their order, and never 0.
func mixed(parts ...uint64) (hash uint64) {
	for _, part := range parts {
		hash = (hash ^ part) * 0x9E3779B97F4A7C15
		hash ^= hash >> 32
	}
	return max(hash, 1)
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
			first.id, first.candidate = e.ID, kernel(&e.Candidate.Answer)
			if u.said[u.at(e)].restless {
				reference := kernel(&e.Reference)
				first.reference = &reference
			}
		}
		u.grow(first, first.sizeWith(e))
	})
}

// sizeWith is how many bytes f takes with the answers of e.
func (f *firstAnswers) sizeWith(e *exchange.Exchange) int64 {
	size := int64(unsafe.Sizeof(*f)) + sizeOf(&e.Candidate.Answer)
	if f.reference != nil {
		size += int64(unsafe.Sizeof(e.Reference)) + sizeOf(&e.Reference)
	}
	return size
}

func sizeOf(a *exchange.Answer) int64 { return int64(len(a.Body) + len(packing(a))) }

// kernel is a copy of what comparing takes of an answer.
func kernel(a *exchange.Answer) exchange.Answer {
	k := *a
	k.Body, k.Headers = bytes.Clone(a.Body), bytes.Clone(packing(a))
	return k
}

// packing are the headers of an answer, where they say how its body is packed.
func packing(a *exchange.Answer) []byte {
	if bytes.Contains(a.Headers, []byte(exchange.ContentEncoding)) || bytes.Contains(a.Headers, []byte(exchange.JSONLength)) {
		return a.Headers
	}
	return nil
}

// above says that e stands before f although an id is there twice.
func (f *firstAnswers) above(e *exchange.Exchange) bool {
	order := orderAnswers(&e.Candidate.Answer, &f.candidate)
	if f.reference != nil {
		order = cmp.Or(order, orderAnswers(&e.Reference, f.reference))
	}
	return order < 0
}

func orderAnswers(a, b *exchange.Answer) int {
	return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.ContentType, b.ContentType), bytes.Compare(packing(a), packing(b)), bytes.Compare(a.Body, b.Body))
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
		if first.reference != nil && c.compare(first.reference, &e.Reference).outcome == Mismatch {
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
