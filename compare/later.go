package compare

import (
	"context"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// Later is a later generation of a split: the answers to what was sent again,
// in the recording's order.
//
//	recording  a b c d e f      of every exchange the last answer counts; one that
//	g0         A B C D E F      was replaced says whether sending again made a
//	g1           B   D          difference, and is judged for that alone
//	counts     A B C D E F
//	             └1  └1
type Later struct {
	Answers    exchange.Source
	Generation int
	// Concurrency is how many requests were in flight at most; 0: not known.
	Concurrency int
	// Reached is that by model, to its endpoint alone; nil: not known.
	Reached map[string]int
}

// Given says by which generation an answer came about.
type Given struct {
	Generation  int
	Concurrency int // how many requests were in flight at most; 0: not known
	InFlight    int // to the exchange's endpoint, as far as that is known; else Concurrency
}

// givenBy is by the generation that said so of itself.
func givenBy(generation, concurrency int, reached map[string]int, model string) Given {
	g := Given{generation, concurrency, concurrency}
	if reached != nil {
		g.InFlight = reached[model]
	}
	return g
}

// Earlier is an answer that sending again replaced.
type Earlier struct {
	exchange.Candidate
	Given
}

// Pair is an exchange with its last answer, and those that it replaced.
type Pair struct {
	*exchange.Exchange
	Given   Given
	Earlier []Earlier
}

// later reads one generation beside the others.
type later struct {
	Later
	cursor
	head  *exchange.Exchange // read, and not met in the recording yet
	ended bool
}

// laters are the generations of one split.
func laters(all []Later) (list []*later) {
	for _, l := range all {
		list = append(list, &later{Later: l, cursor: cursor{source: l.Answers}})
	}
	return list
}

// peek reads the next row, unless it is read; nil at the end. What was met
// stays valid until then.
func (l *later) peek(ctx context.Context) (*exchange.Exchange, error) {
	if l.head != nil || l.ended {
		return l.head, nil
	}
	head, err := l.read(ctx)
	switch {
	case err == io.EOF:
		l.ended = true
	case err != nil:
		return nil, fmt.Errorf("read the results of generation g%d after row %d: %w", l.Generation, l.row, err)
	default:
		l.head = head
	}
	return l.head, nil
}

// overlay puts the answer that counts into e, which has that of generation 0,
// and what it replaced into s.earlier. An answer is replaced by a later one, but
// not by none: that an endpoint is down takes nothing back of what it said.
func (s *split) overlay(ctx context.Context, e *exchange.Exchange) error {
	s.earlier, s.given = s.earlier[:0], givenBy(0, s.in.Concurrency, s.in.Reached, e.Model)
	for _, l := range s.later {
		row, err := l.peek(ctx)
		if err != nil {
			return err
		}
		if row == nil || row.ID != e.ID {
			continue
		}
		l.head = nil
		if silent(&e.Reference, &row.Candidate.Answer) && !silent(&e.Reference, &e.Candidate.Answer) {
			continue
		}
		if err := s.load(e, bothAnswers); err != nil {
			return err
		}
		if err := l.load(); err != nil {
			return err
		}
		s.earlier = append(s.earlier, Earlier{e.Candidate, s.given})
		e.Candidate, s.given = row.Candidate, givenBy(l.Generation, l.Concurrency, l.Reached, e.Model)
	}
	return nil
}

// takeBack makes the last answer count that can be judged, if there is one: one
// that can't, d, takes nothing back of what the candidate said before.
func (s *split) takeBack(m *model, e *exchange.Exchange, d decided) (decided, error) {
	for last := len(s.earlier) - 1; last >= 0; last-- {
		was := *e
		was.Candidate = s.earlier[last].Candidate
		before, err := m.before().decide(&was, true)
		if err != nil {
			return d, err
		}
		if before.outcome == Match || before.outcome == Mismatch {
			e.Candidate, s.given = s.earlier[last].Candidate, s.earlier[last].Given
			s.earlier = s.earlier[:last]
			return m.comparer.decide(e, true)
		}
	}
	return d, nil
}

// before is the comparer of answers that were replaced: of them nothing is
// counted as if it were the exchange's.
func (m *model) before() *comparer {
	if m.earlier == nil {
		m.earlier = newComparer(m.comparer.walker.machine.settings)
		m.earlier.mapper.program = m.comparer.mapper.program
	}
	return m.earlier
}

// noMoreLater refuses rows that the recording, or the split, does not have.
func (s *split) noMoreLater(ctx context.Context) error {
	for _, l := range s.later {
		row, err := l.peek(ctx)
		if err != nil {
			return err
		}
		if row != nil {
			return fmt.Errorf("the result object of generation g%d is damaged: its row %d is exchange %s, which was not planned, or not at this place",
				l.Generation, l.row, row.ID)
		}
	}
	return nil
}

// EachPair calls fn for every planned exchange of a split. in.Reference needs the
// reference's side where there are later generations, and in.Mismatches is not
// used. What fn gets is valid during the call.
func EachPair(ctx context.Context, in SplitInput, fn func(Pair) error) error {
	s := split{in: in, ref: cursor{source: in.Reference}, cand: cursor{source: in.Candidate}, later: laters(in.Later)}
	return s.each(ctx, func(e *exchange.Exchange) error { return fn(Pair{e, s.given, s.earlier}) })
}
