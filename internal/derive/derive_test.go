package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// make1 makes an exchange: of a model, with a request and an answer.
func make1(n int, model, request, answer string) exchange.Exchange {
	e := exchange.Exchange{
		ID: exchange.DeriveID(time.UnixMilli(int64(n)), fmt.Append(nil, n)), Time: exchange.Timestamp(n), Model: model, SamplingProbability: 1,
		Request:   exchange.Request{Method: "POST", Path: "/", Body: []byte(request), Headers: []byte(`[["content-encoding","x"],["x-a","b"]]`)},
		Reference: exchange.Answer{Status: 200, Body: []byte(answer)},
	}
	e.RequestHash = exchange.HashRequest(&e)
	return e
}

func of(list []exchange.Exchange) Source {
	return func(ctx context.Context, fn func(*exchange.Exchange) error) error {
		for i := range list {
			e := list[i]
			if err := fn(&e); err != nil {
				return err
			}
		}
		return nil
	}
}

func program(t *testing.T, text string) *mapping.Program {
	t.Helper()
	p, err := mapping.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func derived(t *testing.T, list []exchange.Exchange, o Options) (kept []exchange.Exchange, c Counts) {
	t.Helper()
	c, err := Run(t.Context(), of(list), o, func(e *exchange.Exchange) error { kept = append(kept, *e); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(kept)) != c.Kept {
		t.Errorf("%d were kept, counted %d", len(kept), c.Kept)
	}
	return kept, c
}

func bodies(list []exchange.Exchange) (text []string) {
	for _, e := range list {
		text = append(text, string(e.Request.Body)+"→"+string(e.Reference.Body)+e.Origin)
	}
	return text
}

// Without this, dedupe could keep another answer than the usual one, lose that the
// old system disagreed with itself, or weights could not add up.
func TestDedupeKeepsTheUsualAnswerAndOneMore(t *testing.T) {
	broken := make1(9, "m", "b", "")
	broken.Reference.Status, broken.Defect = 0, exchange.NoAnswer
	list := []exchange.Exchange{
		make1(0, "m", "a", "1"), make1(1, "m", "a", "2"), make1(2, "m", "a", "2"), make1(3, "m", "a", "3"), make1(4, "m", "a", "2"), make1(5, "m", "a", "3"),
		make1(6, "m", "b", "1"), make1(7, "n", "b", "1"), broken, broken, broken, make1(10, "m", "c", "1"), make1(11, "m", "c", "1"),
	}
	kept, c := derived(t, list, Options{Dedupe: true})
	want := []string{
		`a→2{"weight":4,"answers":3}`, `a→3{"weight":2,"answers":3}`, `b→1{"weight":4}`, `b→1`, `c→1{"weight":2}`,
	}
	if got := bodies(kept); !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
	if kept[0].ID != list[1].ID || c.Repeated != 8 {
		t.Errorf("the first of its kind is to be kept: %v; %+v", kept[0].ID, c)
	}
	again, _ := derived(t, kept, Options{Dedupe: true})
	if got := bodies(again); !slices.Equal(got, want) {
		t.Errorf("deduped again: %q, want the same", got)
	}
}

// Without this, requests that begin alike and were cut at the recording limit would be
// taken for one, and one that is as long as that for the same as well.
func TestDedupeKnowsNotHowTheTruncatedGoOn(t *testing.T) {
	list := []exchange.Exchange{make1(0, "m", "a", "1"), make1(1, "m", "a", "1"), make1(2, "m", "a", "1"), make1(3, "m", "a", "1")}
	list[1].Defect, list[2].Defect = exchange.RequestTruncated, exchange.RequestTruncated
	kept, c := derived(t, list, Options{Dedupe: true})
	if got, want := bodies(kept), []string{`a→1{"weight":2}`, "a→1", "a→1"}; !slices.Equal(got, want) || c.Repeated != 1 {
		t.Errorf("kept %q, want %q; %+v", got, want, c)
	}
}

// Without this, what is kept could depend on what fits into memory.
func TestDedupeIsTheSameFromDisk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var list []exchange.Exchange
	weights := map[string]int64{}
	for n := range 5000 {
		e := make1(n, fmt.Sprint("m", rng.IntN(7)), fmt.Sprint(rng.IntN(300)), fmt.Sprint(rng.IntN(4)))
		weights[e.Model+" "+string(e.Request.Body)]++
		list = append(list, e)
	}
	o := Options{Dedupe: true, Limit: 100}
	inMemory, before := derived(t, list, o)
	o.memory = 3000
	onDisk, after := derived(t, list, o)
	if !slices.Equal(bodies(inMemory), bodies(onDisk)) || before != after {
		t.Errorf("in memory %d %+v, from disk %d %+v", len(inMemory), before, len(onDisk), after)
	}
	all, _ := derived(t, list, Options{Dedupe: true})
	for _, e := range all {
		o, err := exchange.ParseOrigin(e.Origin)
		if err != nil {
			t.Fatal(err)
		}
		weights[e.Model+" "+string(e.Request.Body)] -= max(o.Weight, 1)
	}
	for request, left := range weights {
		if left != 0 {
			t.Errorf("the weights of %s are %d off", request, left)
		}
	}
}

// Without this, a sorter could lose or mix records where runs meet.
func TestSorter(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 9, 10, 11, 1000} {
		s := newSorter(5, 50)
		var want [][]byte
		for range n {
			r := []byte(fmt.Sprintf("%05d", rng.IntN(500)))
			want = append(want, r)
			if err := s.add(r); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, bytes.Compare)
		next, err := s.sorted()
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			r, err := next()
			if err == io.EOF && i == n {
				break
			}
			if err != nil || !bytes.Equal(r, want[i]) {
				t.Fatalf("record %d of %d is %s, %v", i, n, r, err)
			}
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}

// Without this, a capped recording could be of other exchanges each time, or be
// taken for all there was.
func TestLimit(t *testing.T) {
	var list []exchange.Exchange
	for n := range 300 {
		list = append(list, make1(n, fmt.Sprint("m", n%3), fmt.Sprint(n), "x"))
	}
	kept, c := derived(t, list, Options{Limit: 25})
	if len(kept) != 75 || c.OverLimit != 225 {
		t.Fatalf("%d are kept: %+v", len(kept), c)
	}
	for _, e := range kept {
		lower := 0
		for _, o := range list {
			if o.Model == e.Model && uint64(o.RequestHash) < uint64(e.RequestHash) {
				lower++
			}
		}
		if lower >= 25 || e.SamplingProbability != 0.25 {
			t.Errorf("%s: %d have lower hashes, probability %v", e.Request.Body, lower, e.SamplingProbability)
		}
	}
	slices.Reverse(list)
	reversed, _ := derived(t, list, Options{Limit: 25})
	slices.Reverse(reversed)
	if !slices.Equal(bodies(kept), bodies(reversed)) {
		t.Error("another order keeps others")
	}
	if all, _ := derived(t, list, Options{Limit: 100}); len(all) != 300 || all[0].SamplingProbability != 1 {
		t.Errorf("of 100 each, %d are kept, with %v", len(all), all[0].SamplingProbability)
	}
}

// Without this, an erased exchange could stay where its body is odd, or a filter
// lose what it can't read without a word.
func TestWhere(t *testing.T) {
	list := []exchange.Exchange{
		make1(0, "m", `{"author":"u1"}`, "{}"), make1(1, "m", `{"author":"u2"}`, "{}"), make1(2, "m", "u1 says", "{}"),
		make1(3, "m", "\xff", "{}"), make1(4, "m", `{"author":"\ud83d u1"}`, "{}"), make1(5, "m", `{"author":"u3","author":"u1"}`, "{}"),
	}
	for _, c := range []struct {
		where              string
		kept               []int
		unreadable, asText int64
	}{
		{`.request.json.author == "u1"`, []int{0}, 0, 2},
		{`select(.request.json.author == "u1")`, []int{0}, 0, 2},
		{`.request | tojson | contains("u1") | not`, []int{1, 3}, 0, 2},
		{`.model == "m"`, []int{0, 1, 2, 3, 4, 5}, 0, 2},
		{`.request.body | length > 3`, []int{2, 4, 5}, 0, 2},
		{`.request.json.author | test("u1")`, []int{0}, 4, 0},
		{`empty`, nil, 0, 2},
		{`null`, nil, 0, 2},
		{`0`, []int{0, 1, 2, 3, 4, 5}, 0, 2},
	} {
		var named int64
		kept, counts := derived(t, list, Options{Where: program(t, c.where), Unreadable: func(*exchange.Exchange, error) { named++ }})
		var ids, want []exchange.ID
		for _, e := range kept {
			ids = append(ids, e.ID)
		}
		for _, n := range c.kept {
			want = append(want, list[n].ID)
		}
		if !slices.Equal(ids, want) || counts.Unreadable != c.unreadable || counts.AsText != c.asText || named != c.unreadable {
			t.Errorf("%s keeps %q: %+v, %d named", c.where, bodies(kept), counts, named)
		}
	}
}

// Without this, one exchange that carries many inferences would be judged as one,
// or the inferences lose their model, numbers or time.
func TestFanOut(t *testing.T) {
	list := []exchange.Exchange{
		make1(0, "many", `{"texts":["a","b"],"n":12345678901234567890.10}`, `{"labels":[{"l":1.0},{"l":2}]}`),
		make1(1, "many", `{"texts":[]}`, `{}`), make1(2, "many", `[]`, `{}`),
	}
	o := Options{FanOut: program(t, `. as $e | .request.json.texts | keys[] as $i |
		{model: "m\($i)", request: {json: {text: .[$i], n: $e.request.json.n}}, response: {json: $e.response.json.labels[$i]}}`)}
	kept, c := derived(t, list, o)
	want := []string{
		fmt.Sprintf(`{"n":12345678901234567890.10,"text":"a"}→{"l":1.0}{"from":"%s"}`, list[0].ID),
		fmt.Sprintf(`{"n":12345678901234567890.10,"text":"b"}→{"l":2}{"from":"%s"}`, list[0].ID),
	}
	if got := bodies(kept); !slices.Equal(got, want) {
		t.Errorf("made %q\nwant %q", got, want)
	}
	if c.Unreadable != 1 || c.FannedOut != 2 || c.Made != 2 {
		t.Errorf("%+v", c)
	}
	one := kept[1]
	if one.Model != "m1" || one.Time != list[0].Time || one.Request.Path != "/" || one.ID == kept[0].ID || one.ID == list[0].ID ||
		string(one.Request.Headers) != `[["x-a","b"]]` || one.RequestHash != exchange.HashRequest(&one) {
		t.Errorf("made %+v", one)
	}
	both, _ := derived(t, list, Options{FanOut: o.FanOut, Dedupe: true, Limit: 1})
	if len(both) != 2 || !strings.Contains(both[0].Origin, "from") {
		t.Errorf("deduped after fanning out: %q", bodies(both))
	}
}

// Without this, a recording that grows meanwhile could end as a mixture.
func TestChangedMeanwhile(t *testing.T) {
	list := []exchange.Exchange{make1(0, "m", "a", "1"), make1(1, "m", "b", "1")}
	n := 0
	src := func(ctx context.Context, fn func(*exchange.Exchange) error) error {
		n++
		return of(list[:n])(ctx, fn)
	}
	_, err := Run(t.Context(), src, Options{Dedupe: true}, func(*exchange.Exchange) error { return nil })
	if !errors.Is(err, errChanged) {
		t.Errorf("got %v", err)
	}
}
