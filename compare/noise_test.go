package compare

import (
	"encoding/json"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"pgregory.net/rapid"
)

// judgeWith judges exchanges as one split under a noise profile.
func judgeWith(t testing.TB, r Rules, noise *Profile, all []exchange.Exchange, out exchange.Sink) *Tally {
	t.Helper()
	j, err := NewJudge(r, Options{Noise: noise})
	if err != nil {
		t.Fatal(err)
	}
	tally, _ := judgeAll(t, j, all, out)
	return tally
}

// Where the old system differs from itself in just what the new one differs in,
// nothing is left to hold against the new one, but for what has no size: how far
// a NaN is from a number.
func TestControlThatIsTheRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 1, 30).Draw(rt, "exchanges")
		control := judgeRows(t, mergeRules, all, nil)
		var out sink
		tally := judgeWith(t, mergeRules, control.Profile(), all, &out)
		for name, m := range tally.Models {
			before := control.Models[name]
			if m.Match != before.Match || m.Noise+m.Mismatch != before.Mismatch || !m.Balanced() {
				rt.Fatalf("%s\nwith noise\n%s", toJSON(t, before), toJSON(t, m))
			}
		}
		for _, e := range out.rows(t) {
			var deltas []Delta
			if err := json.Unmarshal(e.Verdict.Deltas, &deltas); err != nil {
				t.Fatal(err)
			}
			sized := 0
			for _, d := range deltas {
				if !d.Noise && (d.Kind != KindNumber || d.AbsError != 0) {
					rt.Fatalf("%+v is no noise", d)
				}
				if !d.Noise {
					sized++
				}
			}
			if sized == 0 {
				rt.Fatalf("a mismatch of nothing but noise: %s", e.Verdict.Deltas)
			}
		}
	})
}

// A larger control never makes a mismatch of what was noise.
func TestMoreControlAddsNoMismatch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		run := rapid.SliceOfN(exchanges, 1, 15).Draw(rt, "run")
		control := rapid.SliceOfN(exchanges, 1, 15).Draw(rt, "control")
		more := append(control[:len(control):len(control)], rapid.SliceOfN(exchanges, 1, 5).Draw(rt, "more")...)
		less := judgeWith(t, mergeRules, judgeRows(t, mergeRules, control, nil).Profile(), run, nil)
		tally := judgeWith(t, mergeRules, judgeRows(t, mergeRules, more, nil).Profile(), run, nil)
		for name, m := range tally.Models {
			if m.Mismatch > less.Models[name].Mismatch {
				rt.Fatalf("%d mismatches with more of a control, %d with less", m.Mismatch, less.Models[name].Mismatch)
			}
		}
	})
}

// Noise of one model is none of another's, and a profile of nothing is empty.
func TestNoiseIsByModel(t *testing.T) {
	control := []exchange.Exchange{jsonPair(1, "a", `{"p":0.5}`, `{"p":0.6}`), jsonPair(2, "b", `{"p":0.5}`, `{"p":0.50}`)}
	profile := judgeRows(t, exact, control, nil).Profile()
	run := []exchange.Exchange{jsonPair(3, "a", `{"p":0.5}`, `{"p":0.55}`), jsonPair(4, "b", `{"p":0.5}`, `{"p":0.55}`), jsonPair(5, "c", `{"p":0.5}`, `{"p":0.55}`)}
	tally := judgeWith(t, exact, profile, run, nil)
	for model, want := range map[string][2]int64{"a": {1, 0}, "b": {0, 1}, "c": {0, 1}} {
		if m := tally.Models[model]; [2]int64{m.Noise, m.Mismatch} != want {
			t.Errorf("%s: %d noise and %d mismatches, want %v", model, m.Noise, m.Mismatch, want)
		}
	}
	if profile.Empty() || profile.Models["b"].Judged != 1 || !judgeRows(t, exact, control[1:], nil).Profile().Empty() || !(*Profile)(nil).Empty() {
		t.Errorf("profile %s", toJSON(t, profile))
	}
}

// An exchange with two deltas of one signature has noise only where both are: the
// gate tests what is left.
func TestNoiseOfRepeatedSignatures(t *testing.T) {
	profile := judgeRows(t, exact, []exchange.Exchange{jsonPair(1, "m", "[0.5,0.5]", "[0.5,0.6]")}, nil).Profile()
	for _, c := range []struct {
		cand  string
		noise int64
	}{{"[0.55,0.45]", 1}, {"[0.55,0.9]", 0}, {"[0.9,0.55]", 0}, {"[0.55,0.9,0.55]", 0}} {
		ref := "[0.5,0.5]"
		if len(c.cand) > 12 {
			ref = "[0.5,0.5,0.5]"
		}
		m := judgeWith(t, exact, profile, []exchange.Exchange{jsonPair(2, "m", ref, c.cand)}, nil).Models["m"]
		if s := m.Signatures["$[*] number"]; s == nil || s.Exchanges != 1 || s.Noise != c.noise || m.Noise != c.noise || m.Mismatch != 1-c.noise {
			t.Errorf("%s: %s", c.cand, toJSON(t, m))
		}
	}
}
