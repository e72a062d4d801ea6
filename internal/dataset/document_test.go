package dataset

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// Without this, a large tally, which is written another way than a small one,
// could be unreadable: to Parity, or to whatever reads JSON.
func TestDocumentsOfAnySize(t *testing.T) {
	b := openBucket(t)
	for _, n := range []int{0, 1, 100, 5000} {
		want := map[string]int{}
		for i := range n {
			want[fmt.Sprint(`"},`, "\n", i)] = i
		}
		key := fmt.Sprint(n, ".json")
		if err := putDocument(t.Context(), b, key, tallyFormat, `a "run"`, want); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		if err := getDocument(t.Context(), b, key, tallyFormat, `a "run"`, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d members came back as %d: %v", len(want), len(got), err)
		}
		text, _, err := b.Get(t.Context(), key, 0, -1)
		if err != nil || !json.Valid(text) || text[len(text)-1] != '\n' {
			t.Errorf("%d members: no JSON and a line feed: %v", n, err)
		}
	}
}
