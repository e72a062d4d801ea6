package report

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/compare"
)

// differing makes a tally of one model in which the given requests differ by the
// given combinations, of all from 1 to n.
func differingTally(n int64, combinations map[string][]int64) *compare.Tally {
	t := compare.NewTally()
	m := t.Model("m")
	e := evidence(m, "")
	wrong := map[int64]bool{}
	for combination, requests := range combinations {
		for _, r := range requests {
			e.Mismatched.Add(combination, r)
			wrong[r] = true
		}
	}
	for i := int64(1); i <= n; i++ {
		if !wrong[i] {
			e.Matched.Add(i)
		}
	}
	e.Exchanges = n
	for signature, requests := range bySignature(m) {
		path, kind, _ := strings.Cut(signature, " ")
		m.Signature(signature, path, compare.Kind(kind)).Exchanges = requests.Len()
	}
	m.Planned, m.Match, m.Mismatch = n, n-int64(len(wrong)), int64(len(wrong))
	return t
}

const (
	number        = "$.score number"
	aText         = "$.label string"
	numberAndText = aText + "\n" + number
	flipped       = "$.label decision"
)

// Whoever is on call replays the mismatches after a fix and must read off at once
// what is fixed, what is not, and what broke instead.
func TestChanges(t *testing.T) {
	before := &Earlier{Run: "run1", Judgement: "j", Tally: differingTally(100, map[string][]int64{number: {1, 2, 3, 4}, numberAndText: {5, 6}})}
	now := differingTally(5, map[string][]int64{number: {1}, flipped: {2}})
	now.Model("new").Planned = 1
	addWrong := evidence(now.Model("new"), "")
	addWrong.Exchanges = 1
	addWrong.Mismatched.Add(aText, 77)
	now.Model("new").Mismatch = 1

	c := newChanges(before, now)
	if c.Before != 6 || c.Fixed != 3 || c.Still != 2 || c.Unknown != 1 || c.New != 1 {
		t.Errorf("%+v", c)
	}
	want := map[string]Change{
		"m " + number:  {Before: 6, Fixed: 4, Still: 1, Unknown: 1},
		"m " + aText:   {Before: 2, Fixed: 1, Unknown: 1},
		"m " + flipped: {New: 1},
		"new " + aText: {New: 1},
	}
	for _, s := range c.Signatures {
		key := s.Model + " " + s.Signature
		w := want[key]
		w.Model, w.Signature = s.Model, s.Signature
		if s != w {
			t.Errorf("%s: %+v, want %+v", key, s, w)
		}
		delete(want, key)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if got, want := c.Say(), "3 of 6 requests that differed are fixed, 2 still differ, 1 newly differs, 1 request was not judged now: $.label decision 1, $.label string 1, $.score number 1"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// A baseline excuses what differed there, in the ways in which it did, and
// nothing else: a new way of being wrong must not hide behind an old one.
func TestBaselineCountsWhatIsWorse(t *testing.T) {
	base := differingTally(5000, map[string][]int64{number: {1, 2, 3}, numberAndText: {4, 5}, compare.Others: {6}})
	for name, c := range map[string]struct {
		now  map[string][]int64
		want int64 // that count
	}{
		"the same":                             {map[string][]int64{number: {1, 2, 3}, numberAndText: {4, 5}}, 0},
		"fewer ways":                           {map[string][]int64{number: {1, 4, 5}}, 0},
		"more ways":                            {map[string][]int64{numberAndText: {1, 4}}, 1},
		"another way":                          {map[string][]int64{aText: {1, 2}, flipped: {4}}, 3},
		"another request":                      {map[string][]int64{number: {7}}, 1},
		"ways that are not kept apart":         {map[string][]int64{compare.Others: {6}, number: {6}}, 0},
		"a flip among ways not kept apart":     {map[string][]int64{compare.Others + "\n" + flipped: {6}}, 1},
		"once as before and once in a new way": {map[string][]int64{number: {1}, flipped: {1}}, 1},
	} {
		s, err := Summarise(Input{Tally: differingTally(5000, c.now), Baseline: &Earlier{Run: "base", Tally: base}})
		if err != nil {
			t.Fatal(err)
		}
		differs := differingIn(differingTally(5000, c.now).Models["m"])
		if m := s.Models[0]; m.Mismatched != c.want || m.Excused != differs.Len()-c.want || s.Changes.Run != "base" {
			t.Errorf("%s: %d count and %d are excused, want %d: %s", name, m.Mismatched, m.Excused, c.want, m.Reason)
		}
	}
}

// What is accepted must not fail a model, anything beside it must, and what ran
// out counts again without anybody doing anything.
func TestAccepted(t *testing.T) {
	tally := func() *compare.Tally {
		return differingTally(5000, map[string][]int64{number: {1, 2, 3}, numberAndText: {4}, flipped: {5}})
	}
	until := Date{time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}
	list := []Acceptance{{Model: "m*", Signature: number, Reason: "agreed", Until: until}, {Model: "*", Signature: "$.gone bool", Reason: "agreed", Until: until}}
	for when, want := range map[string]int64{"2026-11-30T12:00:00Z": 2, "2026-12-31T23:59:59Z": 2, "2027-01-01T00:00:00Z": 5} {
		now, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Summarise(Input{Tally: tally(), Accepted: list, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if m := s.Models[0]; m.Mismatched != want || m.Excused != 5-want || s.Accepted[0].Seen != 4 {
			t.Errorf("%s: %d count and %d are excused, %d are seen; want %d that count", when, m.Mismatched, m.Excused, s.Accepted[0].Seen, want)
		}
		warnings := strings.Join(s.Warnings, "\n")
		if ran := strings.Contains(warnings, "was accepted until 2026-12-31 and counts again"); ran != (want == 5) {
			t.Errorf("%s: %s", when, warnings)
		}
		if !strings.Contains(warnings, `"$.gone bool" of model *`) {
			t.Errorf("%s: nothing is said of an entry that does nothing: %s", when, warnings)
		}
	}
}

// A slip in the file must stop the gate, not accept something else.
func TestParseAcceptances(t *testing.T) {
	const good = `[{model: m, signature: $.a number, reason: because, until: 2026-12-31}]`
	if list, err := ParseAcceptances([]byte(good)); err != nil || len(list) != 1 || list[0].Until.String() != "2026-12-31" {
		t.Errorf("%v %v", list, err)
	}
	if list, err := ParseAcceptances([]byte("# nothing\n")); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	for text, want := range map[string]string{
		`[{model: m, signatur: x}]`:                                                                 "unknown field",
		`[{model: m, signature: $.a number, until: 2026-12-31}]`:                                    "entry 1: it has no reason",
		`[{model: m, signature: $.a number, reason: x}]`:                                            "it has no until",
		`[{model: m, signature: x, reason: x, until: soon}]`:                                        "write 2026-12-31",
		`[{model: "*", signature: "*", reason: x, until: 2026-12-31}]`:                              "accept them one by one",
		good[:len(good)-1] + `, {model: "*", signature: $.a number, reason: y, until: 2027-01-01}]`: "entries 1 and 2 both accept",
	} {
		if _, err := ParseAcceptances([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Whatever differs, accepting more or having a baseline never makes more count,
// and what counts and what is excused is all that differs.
func TestExcusesOnlyTakeAway(t *testing.T) {
	names := []string{number, aText, flipped, numberAndText, compare.Others, flipped + "\n" + number}
	random := func(t *rapid.T, label string) *compare.Tally {
		combinations := map[string][]int64{}
		for _, name := range names {
			combinations[name] = rapid.SliceOfN(rapid.Int64Range(1, 20), 0, 6).Draw(t, label)
		}
		return differingTally(30, combinations)
	}
	rapid.Check(t, func(t *rapid.T) {
		now, base := random(t, "now"), random(t, "base")
		counted := func(in Input) int64 {
			in.Tally = now
			s, err := Summarise(in)
			if err != nil {
				t.Fatal(err)
			}
			all := differingIn(now.Models["m"])
			if m := s.Models[0]; m.Mismatched+m.Excused != all.Len() {
				t.Fatalf("%d count and %d are excused of %d", m.Mismatched, m.Excused, all.Len())
			}
			return s.Models[0].Mismatched
		}
		accepted := []Acceptance{{Model: "m", Signature: rapid.SampledFrom([]string{number, aText, flipped}).Draw(t, "accepted"), Reason: "x", Until: Date{time.Unix(1e10, 0)}}}
		plain := counted(Input{})
		a, b := counted(Input{Accepted: accepted}), counted(Input{Baseline: &Earlier{Tally: base}})
		if ab := counted(Input{Accepted: accepted, Baseline: &Earlier{Tally: base}}); a > plain || b > plain || ab > a || ab > b {
			t.Fatalf("%d count, %d with what is accepted, %d against the baseline, %d with both", plain, a, b, ab)
		}
		if own := counted(Input{Baseline: &Earlier{Tally: now}}); own != 0 {
			t.Fatalf("%d are worse than they are", own)
		}
	})
}

// What sending again makes right, or wrong in another way, a baseline and an
// acceptance excuse only as it was wrong at first.
func TestExcusesOfWhatWasWrongAtFirst(t *testing.T) {
	rechecked := func(how string) *compare.Tally {
		t := differingTally(5000, nil)
		m := t.Model("m")
		m.Recheck.Flaky = 50
		for i := range int64(50) {
			evidence(m, "").Rechecked.Add(how, i+1)
		}
		return t
	}
	var drifted []int64
	for i := range int64(50) {
		drifted = append(drifted, i+1)
	}
	accepted := []Acceptance{{Model: "m", Signature: number, Reason: "x", Until: Date{time.Unix(1e10, 0)}}}
	baseline := &Earlier{Tally: differingTally(5000, map[string][]int64{number: drifted})}
	for how, want := range map[string]int64{number: 0, "200→500 status": 50, compare.Unreadable: 50} {
		for name, in := range map[string]Input{"accepted": {Accepted: accepted}, "a baseline": {Baseline: baseline}} {
			in.Tally = rechecked(how)
			s, err := Summarise(in)
			if err != nil {
				t.Fatal(err)
			}
			if m := s.Models[0]; m.Mismatched != want {
				t.Errorf("%s at first, with %s: %d count, want %d", how, name, m.Mismatched, want)
			}
		}
	}
}

// A baseline must excuse nothing of another version of the old model: the
// reference itself is another one then.
func TestBaselineIsOfAVersion(t *testing.T) {
	tally := func(version string) *compare.Tally {
		t := compare.NewTally()
		tallyVersion(t.Model("m"), version, 5000, 50)
		return t
	}
	for version, want := range map[string]int64{"v1": 0, "v2": 50} {
		s, err := Summarise(Input{Tally: tally(version), Baseline: &Earlier{Tally: tally("v1")}})
		if err != nil {
			t.Fatal(err)
		}
		if m := s.Models[0]; m.Mismatched != want {
			t.Errorf("%s: %d count, want %d", version, m.Mismatched, want)
		}
	}
}

// Ways to differ that are not kept apart must not excuse a way that the baseline
// did not have at all.
func TestBaselineOfManyWays(t *testing.T) {
	base := differingTally(5000, map[string][]int64{compare.Others: {1, 2, 3}, number: {4}})
	s, err := Summarise(Input{Tally: differingTally(5000, map[string][]int64{aText: {1, 2}, number: {3}}), Baseline: &Earlier{Tally: base}})
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Models[0]; m.Mismatched != 2 || m.Excused != 1 {
		t.Errorf("%d count and %d are excused", m.Mismatched, m.Excused)
	}
}

// Numbers that are as often wrong as in the baseline, and a thousand times as far,
// are worse.
func TestBaselineSeesSizesGrow(t *testing.T) {
	tally := func(size float64) *compare.Tally {
		var all []int64
		for i := range int64(400) {
			all = append(all, i+1)
		}
		t := differingTally(5000, map[string][]int64{number: all})
		for range all {
			t.Models["m"].Signatures[number].Errors.AddError(size)
		}
		return t
	}
	for size, want := range map[float64]Verdict{1e-5: Pass, 1e-2: Fail} {
		s, err := Summarise(Input{Tally: tally(size), Baseline: &Earlier{Tally: tally(1e-5)}})
		if err != nil {
			t.Fatal(err)
		}
		if m := s.Models[0]; m.Verdict != want || m.Mismatched != 0 {
			t.Errorf("errors of %g: %s: %s", size, m.Verdict, m.Reason)
		}
	}
}
