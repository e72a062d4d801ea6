package demo

import (
	"strings"
	"testing"
)

// A symbol without expansions would end the demo in a panic, on some seeds only.
func TestGrammarIsWhole(t *testing.T) {
	used := map[string]bool{"opening": true, "when": true}
	for _, roots := range [][]string{topics, aspects, urgencies, languages} {
		for _, s := range roots {
			used[s] = true
		}
	}
	for _, expansions := range grammar {
		for _, e := range expansions {
			for rest := e; strings.Contains(rest, "{"); {
				_, after, _ := strings.Cut(rest, "{")
				symbol, tail, closed := strings.Cut(after, "}")
				if !closed {
					t.Errorf("%q has an open brace", e)
				}
				used[symbol] = true
				rest = tail
			}
		}
	}
	for symbol := range used {
		if len(grammar[symbol]) == 0 && symbol != "number" {
			t.Errorf("{%s} has no expansions", symbol)
		}
	}
	g := newGenerator(1, 1)
	for range 2000 {
		for _, r := range []review{g.english(), g.multilingual()} {
			if strings.ContainsAny(r.text, "{}") || len(r.text) < 20 {
				t.Fatalf("not a review: %q", r.text)
			}
		}
	}
}
