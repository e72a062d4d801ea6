package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/modelparity/parity/compare"
)

// noisyField is how one field of an old or a new system differs from what was
// recorded: how often, and the errors' log-normal size.
type noisyField struct{ rate, size float64 }

// simulate is the tally of n answers with these fields, all differences noise.
func simulate(r *rand.Rand, n int64, fields []noisyField) *compare.ModelTally {
	m := tallyOf(&compare.ModelTally{}, n, 0)
	for i, f := range fields {
		k := int64(distuv.Binomial{N: float64(n), P: f.rate, Src: r}.Rand())
		path := fmt.Sprintf("$.field_%d", i)
		addSignature(m, path, compare.KindNumber, k)
		m.Signatures[path+" number"].Noise = k
		addErrors(m, path+" number", int(k), func(int) float64 { return f.size * math.Exp(r.NormFloat64()) })
	}
	return m
}

// against sums up a candidate's tally against a control's.
func against(t *testing.T, candidate, control *compare.ModelTally, g Gate) Model {
	t.Helper()
	c, o := compare.NewTally(), compare.NewTally()
	c.Models["m"], o.Models["m"] = candidate, control
	s, err := Summarise(Input{Info: Info{}, Tally: c, Noise: o.Profile(), Gate: g})
	if err != nil {
		t.Fatal(err)
	}
	return s.Models[0]
}

// ordinaryFields has a rare, a common and a wholly noisy field.
var ordinaryFields = []noisyField{{0.003, 1e-6}, {0.2, 1e-4}, {1, 1e-3}}

// A candidate that is the old system itself must pass, but for what 95 %
// confidence leaves to chance: 10 of 200, even where the budget of 0 is no margin.
func TestNoExcessOfTheSameNoise(t *testing.T) {
	const most = 10
	for _, budget := range []Percent{0, 0.001, 0.01} {
		failed := 0
		for seed := range uint64(200) {
			r := rand.New(rand.NewPCG(seed, 3))
			m := against(t, simulate(r, 3000, ordinaryFields), simulate(r, 1000, ordinaryFields), Gate{Limits: Limits{Budget: &budget}})
			if len(m.Excess) > 0 {
				failed++
			}
			if (m.Verdict == Fail) != (len(m.Excess) > 0) {
				t.Fatalf("seed %d: %s with %d excesses: %s", seed, m.Verdict, len(m.Excess), m.Reason)
			}
		}
		t.Logf("budget %v: %d of 200 fail", budget, failed)
		if failed > most {
			t.Errorf("budget %v: %d of 200 models fail that are as noisy as the control, want at most %d", budget, failed, most)
		}
	}
}

// A field that always differs a bit can hide a regression from every test of
// how often: errors three times as large, or more often, must be found. Fields
// that are as they were may be found by chance in one model of twenty.
func TestExcessIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		field   int
		becomes noisyField
		measure Measure
	}{
		"larger, of a field that always differs": {2, noisyField{1, 3e-3}, Size},
		"more often":                             {1, noisyField{0.3, 1e-4}, Rate},
	} {
		fields := slices.Clone(ordinaryFields)
		fields[c.field] = c.becomes
		missed, others := 0, 0
		for seed := range uint64(100) {
			r := rand.New(rand.NewPCG(seed, 4))
			m := against(t, simulate(r, 3000, fields), simulate(r, 1000, ordinaryFields), Gate{})
			found := slices.ContainsFunc(m.Excess, func(e Excess) bool {
				return e.Measure == c.measure && e.Path == fmt.Sprintf("$.field_%d", c.field)
			})
			if !found || m.Verdict != Fail {
				missed++
			}
			if len(m.Excess) > 1 {
				others++
			}
		}
		if missed > 0 || others > 5 {
			t.Errorf("%s: of 100 models %d are not found, and %d others are", name, missed, others)
		}
	}
}

// Who gets a FAIL for noise must read what, how much, and against what.
func TestExcessIsExplained(t *testing.T) {
	control := tallyOf(&compare.ModelTally{}, 5200, 0)
	addSignature(control, "$.score", compare.KindNumber, 52)
	addErrors(control, "$.score number", 52, func(int) float64 { return 1.5e-5 })
	candidate := tallyOf(&compare.ModelTally{}, 5200, 0)
	addSignature(candidate, "$.score", compare.KindNumber, 624)
	addErrors(candidate, "$.score number", 624, func(int) float64 { return 4.5e-5 })
	m := against(t, candidate, control, Gate{})
	// Noise has half of the 5 %, the budget the other, and of that half each of two
	// tests a half: 98.75 %. For the sizes it is 1 − √(−ln(0.0125)/2 · 676/(52·624)) = 0.7864.
	want := []string{
		"It differs more than the old system does from itself: $.score number: 12% of the answers differ, of the old system's own 1%: at least 9.94 points more, at 95% confidence. So it does in 1 more way.",
		"$.score number: half of the differences are over 4.87e-05, of the old system's own over 1.54e-05: at least 78.6% have grown, at 95% confidence",
	}
	if m.Reason != want[0] || len(m.Excess) != 2 || m.Excess[1].say(0.95) != want[1] {
		t.Errorf("%s\n%+v", m.Reason, m.Excess)
	}
	if got := m.Excess[1].AtLeast; math.Abs(got-(1-math.Sqrt(-math.Log(0.0125)/2*676/(52*624)))) > 1e-8 {
		t.Errorf("the sizes have grown by at least %v", got)
	}
}

// An answer with a thousand numbers is one answer: if all of them counted, two
// odd answers would look like two thousand samples.
func TestNumbersOfOneAnswerAreOneSample(t *testing.T) {
	side := func(size float64) *compare.ModelTally {
		m := tallyOf(&compare.ModelTally{}, 3000, 0)
		addSignature(m, "$.v[*]", compare.KindNumber, 2)
		addErrors(m, "$.v[*] number", 2000, func(int) float64 { return size })
		return m
	}
	if m := against(t, side(1e-3), side(1e-6), Gate{}); len(m.Excess) > 0 {
		t.Errorf("two answers show %+v", m.Excess)
	}
}

// Without a control, or one without that model, nothing is known of noise.
func TestNoControlNoExcess(t *testing.T) {
	candidate := simulate(rand.New(rand.NewPCG(1, 1)), 3000, ordinaryFields)
	for name, control := range map[string]*compare.ModelTally{"empty": {}, "all agree": tallyOf(&compare.ModelTally{}, 3000, 0)} {
		if m := against(t, candidate, control, Gate{}); len(m.Excess) > 0 || m.Verdict != Pass {
			t.Errorf("control %s: %s, %+v", name, m.Verdict, m.Excess)
		}
	}
}

// What is only noise is no difference to look at first.
func TestTopDifferenceIsNoNoise(t *testing.T) {
	m := tallyOf(&compare.ModelTally{}, 3000, 1)
	addSignature(m, "$.noisy", compare.KindString, 2000)
	m.Signatures["$.noisy string"].Noise = 2000
	control := tallyOf(&compare.ModelTally{}, 3000, 0)
	addSignature(control, "$.noisy", compare.KindString, 2000)
	alone := against(t, m, control, Gate{})
	if got := alone.topDifference(); got != "" {
		t.Errorf("all is noise, and the top difference is %q", got)
	}
	addSignature(m, "$.real", compare.KindString, 1)
	both := against(t, m, control, Gate{})
	if got := both.topDifference(); got != "string $.real" {
		t.Errorf("the top difference is %q", got)
	}
	if s := both.Signatures[1]; s.Noise != 2000 || s.ControlRate != round(2000.0/3000) || !strings.Contains(s.Path, "noisy") {
		t.Errorf("%+v", s)
	}
}
