package report

import (
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// seen is evidence against a version, from one minute of a day to another.
type seen struct {
	version  string
	n, k     int64
	from, to int
}

const day = 24 * 60 // minutes

func versions(list ...seen) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) {
		minute := func(i int) exchange.Timestamp { return 1_795_000_000_000_000 + exchange.Timestamp(i)*60_000_000 }
		for _, s := range list {
			tallyVersion(m, s.version, s.n, s.k)
			e := evidence(m, s.version)
			e.First, e.Last = minute(s.from), minute(s.to)
		}
	}
}

// The old model was updated in the midst of the recording. What the candidate
// must do is to answer as the old system does now: mismatches of what has ended
// must not fail it, its matches must not pass it.
func TestVerdictByVersion(t *testing.T) {
	for _, c := range []struct {
		name    string
		seen    []seen
		want    Verdict
		version string
		reason  string
	}{
		{"one", []seen{{"1", 3000, 0, 0, 60}}, Pass, "1", "None of 3,000 distinct requests differs: at most 0.0999% at 95% confidence."},
		{"the old one differs", []seen{{"1", 9000, 4000, 0, 60}, {"2", 3000, 0, 58, 60 + day + 1}}, Pass, "2", "Judged against version 2, seen last. None of 3,000"},
		{"the old one differs, a day ago", []seen{{"1", 9000, 4000, 0, 60}, {"2", 3000, 0, 58, 60 + day}}, Inconclusive, "2", "Version 1 was last seen 2026-11-18 12:06:40 UTC, less than a day before the end, so that it may answer again: " +
			"4,000 of 9,000 distinct requests differ, beyond the budget of 0.1%. Record for longer, or judge only what came since (replay --since). Judged against version 2, seen last. None of 3,000"},
		{"the old one differs within the budget, a moment ago", []seen{{"1", 9000, 9, 0, 60}, {"2", 3000, 0, 58, 90}}, Pass, "2", "Judged against version 2, seen last. None of 3,000"},
		{"a batch in a minute", []seen{{"1", 10_000, 10_000, 0, 1}, {"2", 20_000, 0, 0, 60}}, Inconclusive, "2", "Version 1 was last seen"},
		{"the new one differs", []seen{{"1", 9000, 0, 0, 60}, {"2", 3000, 40, 61, 90}}, Fail, "2", "Judged against version 2, seen last. 40 of 3,000"},
		{"the new one is too few", []seen{{"1", 9000, 0, 0, 60}, {"2", 900, 0, 61, 90}}, Inconclusive, "2", "Too few samples: 2,095 more"},
		{"both still answer", []seen{{"1", 9000, 4000, 0, 90}, {"2", 3000, 0, 2, 90}}, Fail, "1", "Judged against version 1, which still answers. 4,000 of 9,000"},
		{"both still answer, a moment apart", []seen{{"1", 300, 150, 0, 89}, {"2", 3000, 0, 2, 90}}, Fail, "1", "150 of 300"},
		{"both agree", []seen{{"1", 9000, 0, 0, 90}, {"2", 3000, 0, 2, 90}}, Pass, "2", "None of 3,000"},
		{"a stray answer of another", []seen{{"1", 1, 0, 5, 5}, {"2", 3000, 0, 0, 90}}, Inconclusive, "1", "Judged against version 1, which may still answer. Too few samples"},
		{"a stray answer of another differs", []seen{{"1", 1, 1, 5, 5}, {"2", 3000, 0, 0, 90}}, Fail, "1", "Judged against version 1, which may still answer. 1 of 1"},
		{"a stray answer of another, long ago", []seen{{"1", 1, 1, 5, 5}, {"2", 3000, 0, 0, 5 + day + 1}}, Pass, "2", "None of 3,000"},
		{"no name", []seen{{"", 9000, 4000, 0, 60}, {"2", 3000, 0, 61, 61 + day}}, Pass, "2", "None of 3,000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := compare.NewTally()
			versions(c.seen...)(tally.Model("m"))
			m := summarise(t, tally, Gate{}).Models[0]
			if m.Verdict != c.want || m.Version != c.version || !strings.Contains(m.Reason, c.reason) {
				t.Errorf("%s against %s: %s\nwant %s against %s: %s", m.Verdict, m.Version, m.Reason, c.want, c.version, c.reason)
			}
			if (len(m.Versions) > 0) != (len(c.seen) > 1) {
				t.Errorf("lists %d versions", len(m.Versions))
			}
		})
	}
}

// Whose recording knows no times can't say what has ended: every version counts.
func TestVersionsWithoutTimes(t *testing.T) {
	tally := compare.NewTally()
	tallyVersion(tally.Model("m"), "1", 3000, 2000)
	tallyVersion(tally.Model("m"), "2", 3000, 0)
	if m := summarise(t, tally, Gate{}).Models[0]; m.Verdict != Fail || m.Version != "1" {
		t.Errorf("%s against %s", m.Verdict, m.Version)
	}
	versions(seen{"2", 0, 0, 0, 90})(tally.Model("m")) // of the other alone they are known
	if m := summarise(t, tally, Gate{}).Models[0]; m.Verdict != Fail || m.Version != "1" {
		t.Errorf("with the times of one of them: %s against %s", m.Verdict, m.Version)
	}
}

// A version that ended takes its mismatches out of the verdict: that must be
// said, and so must it be that two versions answer at once.
func TestVersionsAreWarnedOf(t *testing.T) {
	tally := compare.NewTally()
	versions(seen{"1", 9000, 4000, 0, 60}, seen{"2", 3000, 0, 61, 90})(tally.Model("ended"))
	versions(seen{"1", 9000, 0, 0, 90}, seen{"2", 3000, 0, 2, 90})(tally.Model("live"))
	s := summarise(t, tally, Gate{})
	for _, want := range []string{
		"model ended: version 1 was last seen 2026-11-18 12:06:40 UTC; the candidate is judged against 2, and its 4,000 mismatches of 9,000 distinct requests are not counted",
		"model live: versions 1 and 2 of the old system still answer; the candidate is judged against each",
	} {
		if !strings.Contains(strings.Join(s.Warnings, "\n"), want) {
			t.Errorf("the warnings lack %s: %q", want, s.Warnings)
		}
	}
	if page := html(t, s); !strings.Contains(page, "ended: does not decide") {
		t.Error("the page does not show that a version ended")
	}
}

// A judge that loses exchanges of a version must not get its model passed.
func TestVersionsMustAddUp(t *testing.T) {
	tally := compare.NewTally()
	versions(seen{"1", 3000, 0, 0, 60}, seen{"2", 3000, 0, 61, 90})(tally.Model("m"))
	tally.Models["m"].Versions["1"].Exchanges--
	if s := summarise(t, tally, Gate{}); s.Verdict != Inconclusive || s.Ledger.Balanced {
		t.Errorf("%s, balanced %v", s.Verdict, s.Ledger.Balanced)
	}
}
