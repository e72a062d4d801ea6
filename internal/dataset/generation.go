package dataset

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

const (
	generationFormat = "parity.generation/1"
	generationFolder = "generations/"
)

// What GenerationInfo.Again says where it lists no ids.
const (
	Unavailable = "unavailable" // what got no answer
	Mismatched  = "mismatched"  // the mismatch set of a judgement
)

// GenerationInfo is generations/g<n>.json: what a later generation of a run
// sends again. It is frozen by the first worker, as a plan is.
type GenerationInfo struct {
	Number  int       `json:"generation"` // from 1; the run itself is generation 0
	Created time.Time `json:"created"`
	Version string    `json:"version"` // of parity
	// Again is Unavailable, Mismatched, or ids, of exchanges or of their sources,
	// sorted.
	Again []string `json:"again"`
	// Judgement is whose mismatch set is sent; "" where it is none.
	Judgement string `json:"judgement,omitempty"`
	// Splits are those that have something to send, in the plan's order.
	Splits []SplitRows `json:"splits"`
}

// SplitRows is how many exchanges of a split are sent again.
type SplitRows struct {
	Split int   `json:"split"`
	Rows  int64 `json:"rows"`
}

// Rows counts what is sent again.
func (i GenerationInfo) Rows() (n int64) {
	for _, s := range i.Splits {
		n += s.Rows
	}
	return n
}

// Choice is what is sent again, for people.
func (i GenerationInfo) Choice() string {
	if i.Judgement != "" {
		return fmt.Sprintf("%s of judgement %s", Mismatched, i.Judgement)
	}
	return strings.Join(i.Again, ", ")
}

// Generation is a later generation of a run, and how much of it was sent when
// it was opened.
type Generation struct {
	Info GenerationInfo
	Sent map[int]bool // splits that have their object
	run  *Run
}

// Name is what its folder is called.
func (g *Generation) Name() string { return generationName(g.Info.Number) }

func generationName(number int) string { return fmt.Sprintf("g%d", number) }

func generationKey(number int) string { return generationFolder + generationName(number) + ".json" }

// Complete says that every split has its object.
func (g *Generation) Complete() bool {
	return !slices.ContainsFunc(g.Info.Splits, func(s SplitRows) bool { return !g.Sent[s.Split] })
}

// Complete are the generations up to the first that is not. Only they are
// looked at: what is half sent would be judged differently tomorrow.
func Complete(all []*Generation) []*Generation {
	for i, g := range all {
		if !g.Complete() {
			return all[:i]
		}
	}
	return all
}

// Plan is the part of the run's plan that is sent again, with what is planned of
// each split.
func (g *Generation) Plan(plan []Split) ([]Split, error) {
	var part []Split
	for _, s := range g.Info.Splits {
		if s.Split < 0 || s.Split >= len(plan) || s.Rows < 1 || s.Rows > plan[s.Split].Planned {
			return nil, fmt.Errorf("generation %s of %s has %d exchanges of split %d, and the plan has not: one of the two is damaged: `parity fsck %s`",
				g.Name(), g.run.Location, s.Rows, s.Split, g.run.Location)
		}
		split := plan[s.Split]
		split.Planned = s.Rows
		part = append(part, split)
	}
	return part, nil
}

// Sink begins the result object of a split. See Run.ResultSink.
func (g *Generation) Sink(s Split, concurrency int) (*ResultSink, error) {
	return g.run.resultSink(g.Info.Number, s, concurrency)
}

// rows says how many exchanges of a split were sent; false where its object is
// not there, and need not be.
func (g *Generation) rows(split int) (int64, bool) {
	at, found := slices.BinarySearchFunc(g.Info.Splits, split, func(s SplitRows, n int) int { return s.Split - n })
	if !found || !g.Sent[split] {
		return 0, false
	}
	return g.Info.Splits[at].Rows, true
}

// CreateGeneration freezes what the next generation sends and returns what
// counts: the first worker's.
func (r *Run) CreateGeneration(ctx context.Context, info GenerationInfo) (*Generation, error) {
	err := putDocument(ctx, r.bucket, generationKey(info.Number), generationFormat, r.Info.ID, info)
	if err != nil && !errors.Is(err, exchange.ErrExists) {
		return nil, fmt.Errorf("create generation %s of %s: %w", generationName(info.Number), r.Location, err)
	}
	return r.generation(ctx, info.Number)
}

func (r *Run) generation(ctx context.Context, number int) (*Generation, error) {
	g := &Generation{run: r}
	err := getDocument(ctx, r.bucket, generationKey(number), generationFormat, r.Info.ID, &g.Info)
	if errors.Is(err, store.ErrNotFound) {
		return nil, r.lostGeneration(number)
	}
	if err != nil {
		return nil, fmt.Errorf("open generation: %w", err)
	}
	if g.Info.Number != number {
		return nil, fmt.Errorf("%s of %s says that it is generation %d: somebody moved it here", generationKey(number), r.Location, g.Info.Number)
	}
	g.Sent, err = listSplits(ctx, r.bucket, resultsFolder(number))
	return g, err
}

func (r *Run) lostGeneration(number int) error {
	return fmt.Errorf("%s of %s is gone, and what was sent after it is there: bring it back, or delete the run and begin anew",
		generationKey(number), r.Location)
}

// Generations opens the later generations of a run in their order; most runs
// have none.
func (r *Run) Generations(ctx context.Context) ([]*Generation, error) {
	last := 0
	for o, err := range r.bucket.List(ctx, generationFolder) {
		if err != nil {
			return nil, fmt.Errorf("list generations of %s: %w", r.Location, err)
		}
		name := strings.TrimSuffix(path.Base(o.Key), ".json")
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "g")); err == nil {
			last = max(last, n)
		}
	}
	all := make([]*Generation, last)
	for i := range all {
		var err error
		if all[i], err = r.generation(ctx, i+1); err != nil {
			return nil, err
		}
	}
	// Results without their document would make the run look as if it had never
	// been sent again; or the document came after it was looked for.
	for {
		orphans, err := listSplits(ctx, r.bucket, resultsFolder(len(all)+1))
		if err != nil || len(orphans) == 0 {
			return all, err
		}
		g, err := r.generation(ctx, len(all)+1)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
}
