package dataset

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// planFor is a plan of these splits, each of one model.
func planFor(splits ...Split) *Plan {
	p := &Plan{Splits: splits}
	for _, s := range splits {
		p.parts = append(p.parts, []part{{model: "m", from: s.From, to: s.From + 1, planned: s.Planned, request: 10 * s.Planned, reply: s.Planned}})
	}
	return p
}

// newRun makes a run with a plan of a few splits.
func newRun(t *testing.T) (*Run, []Split) {
	t.Helper()
	run, err := CreateRun(t.Context(), filepath.Join(t.TempDir(), "run"), RunInfo{ID: "id", Recording: "/r", Target: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := run.FreezePlan(t.Context(), planFor(
		Split{Object: "a", Rows: 3, Planned: 3}, Split{Index: 1, Object: "b", Rows: 5, Planned: 4}, Split{Index: 2, Object: "c", Rows: 2, Planned: 2}))
	if err != nil {
		t.Fatal(err)
	}
	return run, plan
}

// send writes the results of a split, which are some of sample's rows.
func send(t *testing.T, sink exchange.Sink, err error, rows int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	if err := sink.Write(t.Context(), &exchange.Batch{Rows: sample(rows, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := sink.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Without this, workers that begin a generation at the same time could send
// different parts of a run under one name, and half of one could be judged.
func TestGenerations(t *testing.T) {
	run, plan := newRun(t)
	info := GenerationInfo{Number: 1, Created: time.Now().UTC(), Again: []string{Unavailable}, Splits: []SplitRows{{0, 1}, {2, 2}}}
	if _, err := run.CreateGeneration(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	second := info
	second.Again, second.Splits = []string{"r1"}, []SplitRows{{1, 1}}
	g, err := run.CreateGeneration(t.Context(), second)
	if err != nil || g.Info.Choice() != Unavailable || g.Info.Rows() != 3 {
		t.Fatalf("the second worker goes by its own choice: %+v, %v", g, err)
	}
	part, err := g.Plan(plan)
	if err != nil || len(part) != 2 || part[1].Object != "c" || Planned(part) != 3 {
		t.Fatalf("%+v, %v", part, err)
	}
	for i, complete := range []int{0, 1} {
		sink, err := g.Sink(part[i], 7)
		send(t, sink, err, int(part[i].Planned))
		all, err := run.Generations(t.Context())
		if err != nil || len(all) != 1 || len(Complete(all)) != complete {
			t.Errorf("after %d of 2 splits %d generations are complete of %d, %v", i+1, len(Complete(all)), len(all), err)
		}
	}
	sink, err := run.ResultSink(plan[0], 16)
	send(t, sink, err, 3)
	all, err := run.Generations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answers, err := run.Answers(t.Context(), plan[0], all)
	if err != nil {
		t.Fatal(err)
	}
	defer CloseAnswers(answers)
	if len(answers) != 2 || answers[0].Concurrency != 16 || answers[1].Concurrency != 7 || answers[1].Generation != 1 {
		t.Errorf("%+v", answers)
	}
}

// Without this, a document that does not fit the plan could send or judge
// something else than it says.
func TestGenerationThatDoesNotFit(t *testing.T) {
	run, plan := newRun(t)
	for number, splits := range [][]SplitRows{{{3, 1}}, {{0, 4}}, {{0, 0}}, {{-1, 1}}} {
		g, err := run.CreateGeneration(t.Context(), GenerationInfo{Number: number + 1, Again: []string{"x"}, Splits: splits})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Plan(plan); err == nil || !strings.Contains(err.Error(), "one of the two is damaged") {
			t.Errorf("%v: %v", splits, err)
		}
	}
}
