package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

// A rule that is misspelt hides nothing, and one that is too broad hides a
// regression: both must be seen by whoever reads the report, and rules that do
// their work must not be complained of.
func TestRulesAreHeldClean(t *testing.T) {
	tally := compare.NewTally()
	a := tallyOf(tally.Model("a"), 3000, 10)
	addSignature(a, "$.x", compare.KindString, 10)
	a.Hits = map[string]int64{"$.took_ms ignore": 11, "$.typo ignore": 0, "$.b number": 10, "$.list order": 900, "$.only_b trim": 0, "$.ids fold": 0}
	b := tallyOf(tally.Model("b"), 3000, 0)
	b.Hits = map[string]int64{"$.took_ms ignore": 3000, "$.typo ignore": 0, "$.only_b trim": 1}
	for _, name := range []string{"c", "d"} {
		tallyOf(tally.Model(name), 3000, 0).Hits = map[string]int64{"$.took_ms ignore": 5}
	}
	outcome("skipped", 5)(tally.Model("unjudged"))
	tally.Models["unjudged"].Hits = map[string]int64{"$.elsewhere ignore": 0}
	s := summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0.01))}})
	want := []string{
		"model unjudged: 100% of its exchanges were skipped (x 5) and are not judged",
		"rule $.typo ignore hid nothing: is it still needed, or misspelt?",
		"2 rules hide more than half of the differences of models a, b, c and 1 more: $.only_b trim; $.took_ms ignore. Fine if that is what they are for",
	}
	if !slices.Equal(s.Warnings, want) {
		t.Errorf("%q\nwant %q", s.Warnings, want)
	}
	page := html(t, s)
	for _, mark := range []string{"never fired", "more than half of the deltas"} {
		if !strings.Contains(page, mark) {
			t.Errorf("the page lacks %q", mark)
		}
	}
}

// An old system that disagrees with itself makes mismatches that are none; who
// has no control must hear that one would help, and who has one need not.
func TestRestlessWantsAControl(t *testing.T) {
	tally := compare.NewTally()
	for i := range int64(3) {
		tallyOf(tally.Model("m"), 3000, 0).Restless.Add(i)
	}
	s, err := Summarise(Input{Info: Info{Run: "runs/my run"}, Tally: tally, Gate: Gate{}})
	if err != nil {
		t.Fatal(err)
	}
	want := "the old system gave 3 repeated requests different answers: a control would tell noise from difference: `parity compare 'runs/my run' --control RECORDING`"
	if !slices.Equal(s.Warnings, []string{want}) {
		t.Errorf("%q", s.Warnings)
	}
	if with := summarise(t, tally, Gate{}); len(with.Warnings) > 0 {
		t.Errorf("with a control: %q", with.Warnings)
	}
}

// A candidate that gives one request several answers passes if each is right by
// the rules; whoever cuts over must know all the same.
func TestUnstableIsSaid(t *testing.T) {
	tally := compare.NewTally()
	tallyOf(tally.Model("m"), 3000, 0).Unstable.Add(1)
	s := summarise(t, tally, Gate{})
	const want = "the candidate answered 1 repeated request in several ways where the old system did not"
	if m := s.Models[0]; m.Verdict != Pass || m.Unstable != 1 || !strings.HasSuffix(m.Reason, " Unstable: "+want+".") {
		t.Errorf("%s: %s", m.Verdict, m.Reason)
	}
	if !slices.Equal(s.Warnings, []string{"model m: " + want}) {
		t.Errorf("%q", s.Warnings)
	}
}

// A candidate that is right at one time and wrong at another must be told from
// one that is always wrong, wherever in the recording the repeats lie.
func TestBothWaysIsSaid(t *testing.T) {
	first, second := compare.NewTally(), compare.NewTally() // of two splits
	tallyOf(first.Model("m"), 3000, 0)
	m := tallyOf(second.Model("m"), 3, 2)
	m.Restless.Add(2) // by the old system itself
	first.Merge(second)
	s := summarise(t, first, Gate{})
	const want = " 1 repeated request was answered as by the old system at one time and otherwise at another"
	if m := s.Models[0]; m.BothWays != 1 || m.Requests != 3000 || m.Mismatched != 2 || !strings.Contains(m.Reason, want) {
		t.Errorf("%d of %d, %d both ways: %s", m.Mismatched, m.Requests, m.BothWays, m.Reason)
	}
}

// Without this, the count of a sample would be taken for that of all.
func TestSampledRepeatsAreSaid(t *testing.T) {
	tally := compare.NewTally()
	tallyOf(tally.Model("m"), 3000, 0)
	tally.RepeatsSampled = 3
	s := summarise(t, tally, Gate{})
	if want := "1 in 8 of them was looked at"; !strings.Contains(strings.Join(s.Warnings, " "), want) {
		t.Errorf("%q is not said: %q", want, s.Warnings)
	}
}
