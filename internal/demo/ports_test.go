package demo

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The demo prints what was planted beside what was found. If a plant is not
// there, or more than it, a reader would think that Parity is wrong.
func TestPlanted(t *testing.T) {
	t.Parallel()
	w := shared
	requests := slices.Collect(w.Requests(400))
	olds, news := ask(t, w.OldURL(), requests), ask(t, w.NewURL(), requests)
	// The shares of answers that each kind may be found in; those left out: none.
	want := map[string]map[string][2]float64{
		"aspect":        {"bytes": {1, 1}, "number": {0.5, 1}, "decision": {0, 0.01}},
		"churn-risk":    {"bytes": {1, 1}, "number": {1, 1}, "decision": {0.01, 0.3}},
		"formality":     {"bytes": {0.2, 1}},
		"helpfulness":   {"bytes": {0.005, 0.04}, "decision": {0.005, 0.04}},
		"language-id":   {},
		"personal-data": {"bytes": {1, 1}, "unavailable": {1, 1}},
		"profanity":     {"bytes": {0.4, 0.9}, "missing": {0.4, 0.9}},
		"rating-stars":  {"bytes": {1, 1}},
		"refund-intent": {"bytes": {0.01, 0.1}, "status": {0.01, 0.1}},
		"sarcasm":       {"bytes": {0.5, 1}, "number": {0.5, 1}, "decision": {0, 0.1}},
		"sentiment-en":  {},
		"spam-v2":       {},
		"topic":         {"bytes": {0.9, 1}, "order": {0.9, 1}},
		"toxicity-lite": {"bytes": {0.9, 1}},
		"urgency":       {"bytes": {1, 1}, "number": {0.9, 1}, "decision": {0, 0.05}},
	}
	for _, m := range w.Models() {
		found, n, worst := map[string]int{}, 0, 0.0
		for i, r := range requests {
			if r.Model != m.Model {
				continue
			}
			n++
			d := differences(t, olds[i], news[i])
			worst = max(worst, d.worst)
			for kind := range d.kinds {
				found[kind]++
			}
		}
		t.Logf("%-14s expect %-11s of %d: %v, at most %.2g of the tolerance", m.Model, m.Expect, n, found, worst)
		checkShares(t, m, want[m.Model], found, n)
	}
	if len(want) != len(w.Models()) {
		t.Errorf("%d models are tested, there are %d", len(want), len(w.Models()))
	}
}

func checkShares(t *testing.T, m Planted, want map[string][2]float64, found map[string]int, n int) {
	t.Helper()
	most := "match"
	for kind, count := range found {
		share := float64(count) / float64(n)
		if bounds := want[kind]; share < bounds[0] || share > bounds[1] {
			t.Errorf("%s: %s in %.3f of the answers, want %v", m.Model, kind, share, bounds)
		}
		if kind != "bytes" && (most == "match" || count > found[most]) {
			most = kind
		}
	}
	for kind, bounds := range want {
		if found[kind] == 0 && bounds[0] > 0 {
			t.Errorf("%s: no %s, want %v", m.Model, kind, bounds)
		}
	}
	if most != m.Expect {
		t.Errorf("%s: the commonest finding is %s, planted is %s", m.Model, most, m.Expect)
	}
}

// These two must match though their arithmetic differs. If they came close to
// the tolerance, the demo would be wrong on some seed.
func TestMatchesHaveRoom(t *testing.T) {
	t.Parallel()
	for _, s := range specs {
		if s.name != "formality" && s.name != "toxicity-lite" {
			continue
		}
		for seed := range uint64(3) {
			m, g, worst := &model{s, s.learn(newGenerator(seed, 0), reviews)}, newGenerator(seed, 1), 0.0
			port := s.port(m)
			for range 3000 {
				text := s.write(g).text
				_, before := m.old(t.Context(), text)
				_, after := port(t.Context(), text)
				d := differences(t, reply{http.StatusOK, string(before)}, reply{http.StatusOK, string(after)})
				worst = max(worst, d.worst)
				if d.kinds["decision"] {
					t.Errorf("%s: another label for %q", s.name, text)
				}
			}
			t.Logf("%s, seed %d: at most %.2g of the tolerance", s.name, seed, worst)
			if worst > 0.5 || worst == 0 {
				t.Errorf("%s, seed %d: %.2g of the tolerance, want some and less than half", s.name, seed, worst)
			}
		}
	}
}

// diff is which kinds of difference two answers have, and how far their
// numbers are apart in parts of Parity's default tolerance.
type diff struct {
	kinds map[string]bool
	worst float64
}

func differences(t *testing.T, old, new reply) diff {
	t.Helper()
	d := diff{kinds: map[string]bool{}}
	if old != new {
		d.kinds["bytes"] = true
	}
	switch {
	case old.status == new.status:
		d.walk(parse(t, old.body), parse(t, new.body))
	case new.status == http.StatusBadGateway:
		d.kinds["unavailable"] = true
	default:
		d.kinds["status"] = true
	}
	return d
}

func (d *diff) walk(old, new any) {
	switch o := old.(type) {
	case map[string]any:
		d.object(o, new.(map[string]any))
	case []any:
		if n := new.([]any); sameInAnyOrder(o, n) {
			if fmt.Sprint(o) != fmt.Sprint(n) {
				d.kinds["order"] = true
			}
			return
		}
		d.kinds["array"] = true
	case float64:
		apart := math.Abs(o-new.(float64)) / (1e-9 + 1e-6*math.Abs(o))
		d.worst = max(d.worst, apart)
		if apart > 1 {
			d.kinds["number"] = true
		}
	default:
		if old != new {
			d.kinds["decision"] = true
		}
	}
}

func (d *diff) object(old, new map[string]any) {
	for name, v := range old {
		if n, ok := new[name]; ok {
			d.walk(v, n)
		} else {
			d.kinds["missing"] = true
		}
	}
	for name := range new {
		if _, ok := old[name]; !ok {
			d.kinds["extra"] = true
		}
	}
}

func sameInAnyOrder(a, b []any) bool {
	sorted := func(of []any) string {
		texts := make([]string, len(of))
		for i, v := range of {
			texts[i] = fmt.Sprint(v)
		}
		slices.Sort(texts)
		return strings.Join(texts, "\n")
	}
	return sorted(a) == sorted(b)
}

func parse(t *testing.T, body string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return value
}
