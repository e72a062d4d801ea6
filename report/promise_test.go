package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/modelparity/parity/compare"
)

// stratum is a part of the traffic: how many distinct requests it has, which
// share of them the candidate answers wrongly, and how probable it is that one
// is recorded.
type stratum struct{ requests, wrong, recorded float64 }

// traffic is what a recording is drawn of; repeats is how often a request comes.
type traffic struct {
	name    string
	strata  []stratum
	repeats int64
}

// rate is the true share of the requests that differ.
func (tr traffic) rate() float64 {
	n, k := 0.0, 0.0
	for _, s := range tr.strata {
		n, k = n+s.requests, k+s.requests*s.wrong
	}
	return k / n
}

// at scales the shares so that the rate is this.
func (tr traffic) at(rate float64) traffic {
	was := tr.rate()
	strata := make([]stratum, len(tr.strata))
	for i, s := range tr.strata {
		strata[i] = stratum{s.requests, s.wrong * rate / was, s.recorded}
	}
	return traffic{tr.name, strata, tr.repeats}
}

// drawn is how many requests of a stratum are in a recording, and differ.
type drawn struct{ n, k int64 }

// draw records: each request with its stratum's probability.
func (tr traffic) draw(src rand.Source) []drawn {
	var all []drawn
	for _, s := range tr.strata {
		k := distuv.Binomial{N: s.requests, P: s.wrong * s.recorded, Src: src}.Rand()
		rest := 0.0
		if left := s.recorded * (1 - s.wrong) / (1 - s.wrong*s.recorded); left < 1 {
			rest = distuv.Binomial{N: s.requests - k, P: left, Src: src}.Rand()
		} else {
			rest = s.requests - k
		}
		all = append(all, drawn{int64(k + rest), int64(k)})
	}
	return all
}

// tally is what judging that recording counts.
func (tr traffic) tally(all []drawn) *compare.Tally {
	t := compare.NewTally()
	m := t.Model("m")
	var n, k int64
	for _, d := range all {
		n, k = n+d.n, k+d.k
	}
	e := evidence(tallyOf(m, n, k), "") // the first k of the hashes 1 to n differ
	tr.stratify(m, e, all, k)
	more := (tr.repeats - 1) * n
	m.Planned, m.Match, m.Mismatch, e.Exchanges = m.Planned+more, m.Match+more-(tr.repeats-1)*k, m.Mismatch+(tr.repeats-1)*k, e.Exchanges+more
	return t
}

// stratify says how probable each request was, as judging does.
func (tr traffic) stratify(m *compare.ModelTally, e *compare.Evidence, all []drawn, k int64) {
	bad, good := int64(1), k+1
	for i, d := range all {
		class := compare.WeightClass(tr.strata[i].recorded)
		set := &e.Certain
		if class > 0 {
			if e.Sampled == nil {
				e.Sampled = map[int]*compare.HashSet{}
			}
			if e.Sampled[class] == nil {
				e.Sampled[class] = &compare.HashSet{}
			}
			set = e.Sampled[class]
		}
		for range d.k {
			set.Add(bad)
			bad++
		}
		for range d.n - d.k {
			set.Add(good)
			good++
		}
		m.Rarest = max(m.Rarest, class)
	}
}

// traffics have all that makes evidence weigh less than it seems to: repeats, and
// samples in which the mismatches lie where fewest were taken.
var traffics = []traffic{
	{"all recorded", []stratum{{1000, 1, 1}}, 1},
	{"repeats", []stratum{{1000, 1, 1}}, 7},
	{"a quarter recorded", []stratum{{4000, 1, 0.25}}, 1},
	{"unequal, mismatches anywhere", []stratum{{150, 1, 1}, {3000, 1, 0.1}}, 1},
	{"unequal, mismatches in the rarest", []stratum{{300, 0, 1}, {6000, 1, 0.1}}, 1},
	{"unequal, mismatches where all is recorded", []stratum{{800, 1, 1}, {1500, 0, 0.1}}, 1},
	{"a few of much, mismatches there", []stratum{{2000, 0, 1}, {4000, 1, 0.05}}, 1},
	{"three kinds, mismatches in the rarest", []stratum{{200, 0, 1}, {800, 0, 0.2}, {4500, 1, 0.02}}, 1},
	{"three kinds, mismatches in two", []stratum{{200, 0, 1}, {800, 1, 0.2}, {4500, 1, 0.02}}, 1},
}

const promiseRuns = 10_000

// What PASS promises: of models that are just over their budgets at most one in
// twenty passes. And FAIL: of models just within, at most one in twenty fails.
func TestPassKeepsItsPromise(t *testing.T) {
	for _, tr := range traffics {
		for _, c := range []struct {
			rate  float64
			wrong Verdict
			runs  int
		}{{0.0500001, Pass, promiseRuns}, {0.0499999, Fail, promiseRuns / 5}} {
			t.Run(fmt.Sprintf("%s/%s", tr.name, c.wrong), func(t *testing.T) {
				t.Parallel()
				over, verdicts := tr.at(c.rate), map[string]Verdict{}
				src, wrong := rand.NewPCG(1, 2), 0
				for range c.runs {
					all := over.draw(src)
					key := fmt.Sprint(all)
					if verdicts[key] == "" {
						verdicts[key] = promised(t, over.tally(all)).Verdict
					}
					if verdicts[key] == c.wrong {
						wrong++
					}
				}
				if t.Logf("%d of %d", wrong, c.runs); wrong > c.runs/20 {
					t.Errorf("at a true rate of %v, %d of %d are a wrong %s: more than 5 %%", c.rate, wrong, c.runs, c.wrong)
				}
				if even := len(tr.strata) == 1; even && wrong < c.runs/50 {
					t.Errorf("at a true rate of %v, %d of %d are a wrong %s: the bound is not the exact one", c.rate, wrong, c.runs, c.wrong)
				}
			})
		}
	}
}

var promiseGate = Gate{Limits: Limits{Budget: new(Percent(0.05)), MinSamples: new(int64(10))}}

func promised(t *testing.T, tally *compare.Tally) Model {
	s, err := Summarise(Input{Tally: tally, Gate: promiseGate})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Ledger.Balanced {
		t.Fatalf("%+v does not balance", s.Ledger)
	}
	return s.Models[0]
}

// The effective size must be the one it is: Kish's, which is larger, lets too many
// pass where the mismatches lie in the rarest stratum.
func TestKishsSizeBreaksThePromise(t *testing.T) {
	over := traffics[6].at(0.0500001)
	src, wrong := rand.NewPCG(1, 2), 0
	for range promiseRuns {
		sum, squares, bad := 0.0, 0.0, 0.0
		for i, d := range over.draw(src) {
			w := 1 / over.strata[i].recorded
			sum, squares, bad = sum+w*float64(d.n), squares+w*w*float64(d.n), bad+w*float64(d.k)
		}
		if n := sum * sum / squares; within(bad/sum*n, n, 0.05, 0.95) {
			wrong++
		}
	}
	if t.Logf("%d of %d", wrong, promiseRuns); wrong <= mostByChance(promiseRuns) {
		t.Errorf("%d of %d pass: then the simpler size would do", wrong, promiseRuns)
	}
}

// A model that is just within all of its budgets fails by any of them: together
// they must not do so more often than FAIL says that it is wrong.
func TestFailKeepsItsPromiseOfSeveralBudgets(t *testing.T) {
	gate := Gate{Limits: Limits{Budget: new(Percent(0.1501)), Flips: new(Percent(0.0501)), Errors: new(Percent(0.0501))}}
	src, wrong := rand.NewPCG(3, 4), 0
	const runs, n = 2000, 1500
	for range runs {
		tally, left := compare.NewTally(), int64(n)
		for _, of := range []string{drift, "$.label decision", fault} {
			k := int64(distuv.Binomial{N: n, P: 0.05, Src: src}.Rand())
			mismatched(of, k)(tally.Model("m"))
			left -= k
		}
		distinct(left, 0)(tally.Model("m"))
		s, err := Summarise(Input{Tally: tally, Gate: gate})
		if err != nil || !s.Ledger.Balanced {
			t.Fatal(err, s.Ledger)
		}
		if s.Verdict == Fail {
			wrong++
		}
	}
	if t.Logf("%d of %d", wrong, runs); wrong > mostByChance(runs) || wrong == 0 {
		t.Errorf("%d of %d fail", wrong, runs)
	}
}

// mostByChance is how many of runs there may be of what happens with a probability
// of 5 %, but for once in a thousand simulations.
func mostByChance(runs int) int {
	x := distuv.Binomial{N: float64(runs), P: 0.05}
	most := runs / 20
	for x.CDF(float64(most)) < 0.999 {
		most++
	}
	return most
}

// What can't be decided weighs as much as the rarest: it may be of them.
func TestUndecidedWeighsAsTheRarest(t *testing.T) {
	tr := traffics[4]
	tally := tr.tally([]drawn{{300, 0}, {600, 0}}) // of effectively 630
	m := tally.Models["m"]
	if got := promised(t, tally); got.Verdict != Pass || got.Effective != 630 || got.Requests != 900 || got.Upper != round(upper(0, 630, 0.95)) {
		t.Fatalf("%+v", got)
	}
	outcome(compare.Undecided, 40)(m)
	if got := promised(t, tally); got.Verdict != Inconclusive || got.PValue != round(chance(40, 630, 0.05)) {
		t.Errorf("%s, p %v: %s", got.Verdict, got.PValue, got.Reason)
	}
	delete(m.Undecided, "x")
	m.Planned -= 40
	m.Rarest = compare.WeightClass(0.01) // an exchange that was not judged
	if got := promised(t, tally); got.Effective != 63 {
		t.Errorf("effectively %v", got.Effective)
	}
}

// How many more requests it takes must be told in requests, not effective ones.
func TestMoreOfASampleIsEnough(t *testing.T) {
	tr := traffics[4]
	few := promised(t, tr.tally([]drawn{{20, 0}, {40, 0}}))
	if few.Verdict != Inconclusive || few.More == 0 {
		t.Fatalf("%+v", few)
	}
	part := few.More / 3
	if got := promised(t, tr.tally([]drawn{{20 + part, 0}, {40 + few.More - part, 0}})); got.Verdict != Pass {
		t.Errorf("with %d more it is %s: %s", few.More, got.Verdict, got.Reason)
	}
}

// Of 400 models that are a bit over budget some 20 pass. That all are within must
// be said of them, and of 400 of which one or half are over, at most once in 20
// runs at 95 %; the slack is that of the simulation.
func TestAllModelsStatementKeepsItsPromise(t *testing.T) {
	const models, n, rate = 400, 240, 0.0500001
	src := rand.NewPCG(3, 4)
	x := distuv.Binomial{N: n, P: rate, Src: src}
	byK := map[int64]Model{}
	model := func(k int64) Model {
		if _, known := byK[k]; !known {
			tally := compare.NewTally()
			tallyOf(tally.Model("m"), n, k)
			byK[k] = promised(t, tally)
		}
		return byK[k]
	}
	for over, runs := range map[int]int{1: promiseRuns, models / 2: 1000, models: 1000} {
		said, passed := 0, 0
		family := make([]Model, models)
		for range runs {
			for i := range family {
				k := int64(0) // those that are not over have no mismatch at all: that makes it hardest
				if i < over {
					k = int64(x.Rand())
				}
				if family[i] = model(k); family[i].Verdict == Pass {
					passed++
				}
			}
			if newFamily(family, 0.95).Shown {
				said++
			}
		}
		t.Logf("%d over: said %d times of %d, allowed %d; on average %.1f models pass", over, said, runs, mostByChance(runs), float64(passed)/float64(runs))
		if said > mostByChance(runs) || over == 1 && said == 0 {
			t.Errorf("with %d of %d models over budget it is said %d of %d times that all are within", over, models, said, runs)
		}
	}
}

// The statement must be what the procedure gives for the whole summary, and the
// number of requests that would make it must be enough, and no more than that.
func TestAllModelsStatement(t *testing.T) {
	summary := func(models int, n, k int64) *Summary {
		tally := compare.NewTally()
		for i := range models {
			tallyOf(tally.Model(fmt.Sprint("m", i)), n, k)
		}
		s, err := Summarise(Input{Tally: tally})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := summary(20, 4500, 0) // 0.999^4500 is 0.01108: 20 times as much is 0.2217
	f := s.Family
	if s.Verdict != Pass || f.Shown || math.Abs(f.Confidence-0.7783) > 1e-4 || f.Within != 0 || f.Models != 20 || f.Asked != 0.95 {
		t.Errorf("%s %+v", s.Verdict, f)
	}
	const want = "Every model is shown to be within its budget. That all 20 are, at once, is shown at 77.8% (Holm); 5,989 distinct requests of each would show it at 95%."
	if s.Reason != want { // log(0.05/20) / log(0.999) is 5988.5
		t.Errorf("%s", s.Reason)
	}
	if f := summary(20, f.Requests, 0).Family; !f.Shown || f.Within != 20 || f.Requests != 0 {
		t.Errorf("with as many as it says: %+v", f)
	}
	if f := summary(20, f.Requests-1, 0).Family; f.Shown {
		t.Errorf("with one fewer: %+v", f)
	}
	if s := summary(1, 3000, 0); s.Reason != "Every model is shown to be within its budget." || !s.Family.Shown {
		t.Errorf("of one model: %s %+v", s.Reason, s.Family)
	}
}

// One model that fails, is too small or is not judged to the end must take the
// statement away, and its neighbours must keep their verdicts.
func TestAllModelsStatementNeedsAll(t *testing.T) {
	for name, spoil := range map[string]func(*compare.ModelTally){
		"over": distinct(9000, 90), "few": distinct(9, 0), "missing": both(distinct(90_000, 0), outcome(compare.Missing, 1)), "nothing": outcome(compare.Skipped, 9),
	} {
		tally := compare.NewTally()
		distinct(9000, 0)(tally.Model("a"))
		distinct(9000, 0)(tally.Model("b"))
		spoil(tally.Model("c"))
		s := summarise(t, tally, Gate{})
		if f := s.Family; f.Shown || f.Within != 2 || f.Confidence > 0.01 || s.Models[0].Verdict != Pass {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// A budget of 0 has no rate to test: it stands for what min_samples show.
func TestFamilyOfBudgetZero(t *testing.T) {
	tally := compare.NewTally()
	distinct(1000, 0)(tally.Model("a"))
	distinct(2000, 0)(tally.Model("b"))
	s := summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0))}, FamilyConfidence: new(Percent(0.9))})
	a, b := s.Models[0], s.Models[1]
	if math.Abs(a.PValue-0.05) > 1e-9 || math.Abs(b.PValue-0.0025) > 1e-9 || math.Abs(s.Family.Confidence-0.95) > 1e-9 || !s.Family.Shown {
		t.Errorf("p %v and %v, %+v", a.PValue, b.PValue, s.Family)
	}
}
