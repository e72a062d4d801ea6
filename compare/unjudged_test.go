package compare

import (
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Who is told that exchanges have no verdict needs one to look at, and what is
// wrong with it, whatever the shards. (TestTalliesMerge has the merging.)
func TestUnjudgedHasExamples(t *testing.T) {
	var all []exchange.Exchange
	for n := range 4 * MaxExemplars {
		e := jsonPair(n, "m", `{"a":1}`, `{"a":`)
		switch n % 4 {
		case 1:
			e.Candidate = exchange.Candidate{Answer: exchange.Answer{Failure: exchange.Refused}, Error: "dial tcp: connection refused"}
		case 2:
			e.Candidate.Status = 429
		case 3:
			e.Defect = exchange.Redacted
		}
		all = append(all, e, jsonPair(100+n, "m", `{"a":1}`, `{"a":1}`))
	}
	m := judgeRows(t, Rules{}, append(all, all[:8]...), nil).Models["m"]
	want := map[string]Exemplar{
		"undecided candidate_unreadable": {Candidate: "read as json: JSON at byte 5: it ends where a value was expected"},
		"unavailable refused":            {Candidate: "dial tcp: connection refused"},
		"unavailable throttled":          {Candidate: "status 429"},
		"skipped redacted":               {},
	}
	if len(m.Unjudged) != len(want) {
		t.Errorf("%+v", m.Unjudged)
	}
	for name, text := range want {
		list := m.Unjudged[name]
		if len(list) != MaxExemplars || list[0].Candidate != text.Candidate || list[0].Reference != "" {
			t.Errorf("%s: %+v, want %+v", name, list, text)
		}
	}
}
