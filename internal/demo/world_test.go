package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"log"
	"net/http"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

// shared is a world of seed 1 for all tests that only ask it: training takes
// seconds under the race detector.
var shared *World

func TestMain(m *testing.M) {
	var err error
	if shared, err = Start(1); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	if err := shared.Close(); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// A demo that says something else on each machine or run can't be documented.
func TestSameSeedSameAnswers(t *testing.T) {
	t.Parallel()
	a, b, other := shared, start(t, 1), start(t, 2)
	requests := slices.Collect(a.Requests(20))
	if again := slices.Collect(b.Requests(20)); !reflect.DeepEqual(requests, again) {
		t.Fatal("two worlds of one seed ask different requests")
	}
	if more := slices.Collect(a.Requests(30))[:len(requests)]; !reflect.DeepEqual(requests, more) {
		t.Error("asking for more changes the first requests")
	}
	answers := ask(t, a.OldURL(), requests)
	if !reflect.DeepEqual(answers, ask(t, b.OldURL(), requests)) {
		t.Error("two worlds of one seed answer differently")
	}
	if reflect.DeepEqual(answers, ask(t, other.OldURL(), requests)) {
		t.Error("the seed changes nothing")
	}
}

// Repeated requests are one piece of evidence: with them the demo's gate would
// have fewer samples than the demo sent, and models could be inconclusive.
func TestRequests(t *testing.T) {
	t.Parallel()
	w := shared
	const perModel = 400
	texts, count, foreign := map[string]bool{}, map[string]int{}, map[string]int{}
	next, stop := iter.Pull(w.Requests(perModel))
	defer stop()
	for range perModel {
		for _, m := range w.Models() { // taking turns
			r, ok := next()
			if !ok || r.Model != m.Model || r.Path != "/models/"+m.Model+"/classify" {
				t.Fatalf("got %+v, want a request to %s", r, m.Model)
			}
			text := textOf(t, r)
			if texts[text] {
				t.Errorf("repeated: %q", text)
			}
			texts[text] = true
			count[r.Model]++
			if len(text) != utf8.RuneCountInString(text) {
				foreign[r.Model]++
			}
		}
	}
	if r, ok := next(); ok {
		t.Errorf("one too many: %+v", r)
	}
	for _, m := range w.Models() {
		t.Logf("%-14s %d of %d requests are not ASCII", m.Model, foreign[m.Model], count[m.Model])
		if foreign[m.Model] == 0 {
			t.Errorf("%s: all requests are ASCII", m.Model)
		}
	}
}

// A client that is wrong must hear so, and not get a label for it.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := shared
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/models/spam-v2/classify", `{"text": "hello"}`, http.StatusOK},
		{"/models/nobody/classify", `{"text": "hello"}`, http.StatusNotFound},
		{"/models/spam-v2/classify", `{"text": `, http.StatusBadRequest},
		{"/models/spam-v2/classify", `{"id": "1"}`, http.StatusUnprocessableEntity},
		{"/elsewhere", `{}`, http.StatusNotFound},
	} {
		for _, url := range []string{w.OldURL(), w.NewURL()} {
			got := ask(t, url, []Request{{Path: c.path, Body: []byte(c.body)}})[0]
			if got.status != c.status {
				t.Errorf("POST %s %s: status %d, want %d", c.path, c.body, got.status, c.status)
			}
		}
	}
	resp, err := http.Get(w.OldURL() + "/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || string(body) != "ok\n" {
		t.Errorf("GET /ping: status %d, %q", resp.StatusCode, body)
	}
}

// A world that goes on after Close holds its ports and the demo's process.
func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	w, err := Start(3)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, w.NewURL(), slices.Collect(w.Requests(2)))
	for range 2 { // a second Close does nothing
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if resp, err := http.Get(w.OldURL() + "/ping"); err == nil {
		resp.Body.Close()
		t.Error("a closed world answers")
	}
	goleak.VerifyNone(t, before)
}

// start starts a world that ends with the test.
func start(t *testing.T, seed uint64) *World {
	t.Helper()
	w, err := Start(seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

type reply struct {
	status int
	body   string
}

// ask sends the requests, eight at a time, and returns the replies in their order.
func ask(t *testing.T, url string, requests []Request) []reply {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	replies := make([]reply, len(requests))
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < len(requests); i += 8 {
				resp, err := client.Post(url+requests[i].Path, "application/json", bytes.NewReader(requests[i].Body))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil {
					t.Error(err)
					return
				}
				replies[i] = reply{resp.StatusCode, string(body)}
			}
		})
	}
	wg.Wait()
	return replies
}

func textOf(t *testing.T, r Request) string {
	t.Helper()
	var body struct{ ID, Text string }
	if err := json.Unmarshal(r.Body, &body); err != nil || body.ID == "" || body.Text == "" {
		t.Fatalf("not a request: %s: %v", r.Body, err)
	}
	return body.Text
}
