package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// ingesting is a sidecar that takes what others recorded.
func ingesting(t *testing.T, change func(*Options)) (*rig, *objects) {
	t.Helper()
	store := newStore()
	o := options(t, "http://unused", store)
	o.Upstream, o.Ingest = nil, true
	o.Model = []Rule{must(ParseRule("path:/models/{model}/classify"))}
	if change != nil {
		change(&o)
	}
	return start(t, o), store
}

func ingestLine(i int, model string) string {
	return fmt.Sprintf(`{"id":"r%d","time":"2026-11-22T20:00:0%d.5Z","model":%q,"model_version":"v2","sampling_probability":0.5,"latency_us":7,"request":{"path":"/models/spam/classify","headers":{"authorization":"secret","x-a":"b"},"body":"{\"n\":%d}"},"response":{"status":201,"headers":{"content-type":"application/json"},"body":"{}"}}`, i, i, model, i)
}

func sendTo(t *testing.T, url string, header http.Header, body io.Reader) (status int, answer string) {
	t.Helper()
	req := must(http.NewRequest(http.MethodPost, url, body))
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, string(must(io.ReadAll(res.Body)))
}

// Without this, a service that records itself could believe that something is
// recorded which is not, or have its secrets and times changed.
func TestIngestLines(t *testing.T) {
	r, store := ingesting(t, nil)
	lines := ingestLine(1, "given") + "\n\nnonsense\n" + ingestLine(2, "") + "\n" + `{"request":{}}`
	status, answer := sendTo(t, r.url+"/v1/exchanges", nil, strings.NewReader(lines))
	var got taken
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(answer, err)
	}
	if status != 200 || got.Lines != 4 || got.Recorded != 2 || got.Unreadable != 2 || len(got.Errors) != 2 || !strings.HasPrefix(got.Errors[0], "line 2: ") {
		t.Errorf("%d %s", status, answer)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, ingestLine(3, "given"))
	z.Close()
	if status, answer := sendTo(t, r.url+"/v1/exchanges", http.Header{"Content-Encoding": {"gzip"}}, &packed); status != 200 || !strings.Contains(answer, `"recorded":1`) {
		t.Errorf("gzipped: %d %s", status, answer)
	}
	for _, c := range []struct {
		path   string
		header http.Header
		body   string
		status int
	}{
		{"/v1/exchanges", http.Header{"Content-Encoding": {"br"}}, "", 400},
		{"/v1/exchanges", http.Header{"Content-Encoding": {"gzip"}}, "no gzip", 400},
		{"/v1/else", nil, "", 400},
		{"/", nil, "{}", 400},
	} {
		if status, answer := sendTo(t, r.url+c.path, c.header, strings.NewReader(c.body)); status != c.status {
			t.Errorf("%s: %d %s", c.path, status, answer)
		}
	}
	r.stop()
	rows := store.rows()
	balanced(t, store.ledger(), 3)
	if len(rows) != 3 || store.ledger().Dropped["unreadable"] != 2 {
		t.Fatalf("%d rows, %v", len(rows), store.ledger().Dropped)
	}
	for i, model := range []string{"given", "spam", "given"} {
		e := rows[i]
		if e.Model != model || e.ModelVersion != "v2" || e.SamplingProbability != 0.5 || e.Reference.Status != 201 || e.Reference.LatencyUS != 7 ||
			e.Time != exchange.At(time.Date(2026, 11, 22, 20, 0, i+1, 5e8, time.UTC)) || string(e.Request.Headers) != `[["x-a","b"]]` || e.Request.SourceID != fmt.Sprint("r", i+1) {
			t.Errorf("recorded %+v", e)
		}
	}
}

// Without this, what a busy recorder does not take would be lost without a word,
// or recorded twice when it is sent again.
func TestIngestSaysHowFarItCame(t *testing.T) {
	store := newStore()
	o := options(t, "http://unused", store)
	o.Upstream, o.Ingest, o.QueueBytes = nil, true, 20_000
	s := must(New(o))
	front := httptest.NewServer(s)
	var lines []string
	for i := range 500 {
		lines = append(lines, ingestLine(i%10, "m"))
	}
	send := func() (int, taken) {
		status, answer := sendTo(t, front.URL+"/v1/exchanges", nil, strings.NewReader(strings.Join(lines, "\n")))
		var got taken
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Fatal(answer, err)
		}
		lines = lines[got.Lines:]
		return status, got
	}
	// Nothing is written yet: the queue has room for a few.
	if status, got := send(); status != http.StatusServiceUnavailable || got.Lines == 0 || got.Lines > 20 || !strings.Contains(got.Error, "again later") {
		t.Errorf("%d %+v", status, got)
	}
	if status, got := send(); status != http.StatusServiceUnavailable || got.Lines != 0 {
		t.Errorf("the queue is full: %d %+v", status, got)
	}
	ctx, end := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- s.Run(ctx) }()
	for len(lines) > 0 {
		send()
	}
	front.Close()
	end()
	if err := errors.Join(<-ran, s.Close(context.Background())); err != nil {
		t.Error(err)
	}
	balanced(t, store.ledger(), 500)
}

// Without this, exchanges of KServe's logger would be mixed up, half of one be
// taken for a whole, or take memory for ever.
func TestIngestPairsEvents(t *testing.T) {
	r, store := ingesting(t, func(o *Options) { o.MaxBody = 100 })
	event := func(kind, id, body string, at int) int {
		status, _ := sendTo(t, r.url+"/", http.Header{
			"Ce-Type": {kind}, "Ce-Id": {id}, "Ce-Specversion": {"1.0"}, "Ce-Source": {"http://localhost:8080/"},
			"Ce-Inferenceservicename": {"iris"}, "Ce-Time": {fmt.Sprintf("2026-11-22T20:00:00.%03dZ", at)}, "Content-Type": {"application/json"},
		}, strings.NewReader(body))
		return status
	}
	long := strings.Repeat("x", 101)
	for i, e := range [][3]string{
		{requestEvent, "a", "qa"},
		{responseEvent, "b", "rb"},
		{requestEvent, "a", "qa"},
		{requestEvent, "b", "qb"},
		{responseEvent, "a", "ra"},
		{requestEvent, "alone", "q"},
		{responseEvent, "alone too", "r"},
		{requestEvent, "long", long},
		{responseEvent, "long", "r"},
		{responseEvent, "long answer", long},
		{requestEvent, "long answer", "q"},
	} {
		if status := event(e[0], e[1], e[2], i); status != 200 {
			t.Errorf("%v: %d", e, status)
		}
	}
	if status := event("other", "a", "", 0); status != 400 {
		t.Errorf("another type: %d", status)
	}
	r.ingest.pairs.end()
	if r.ingest.pairs.bytes != 0 {
		t.Errorf("%d bytes wait in no pair", r.ingest.pairs.bytes)
	}
	r.stop()
	got := map[string]string{}
	for _, e := range store.rows() {
		got[e.Request.SourceID] = fmt.Sprintf("%s %.5s %d %.5s %d %s", e.Model, e.Request.Body, e.Reference.Status, e.Reference.Body, e.Reference.LatencyUS, e.Defect)
	}
	want := map[string]string{
		"a": "iris qa 200 ra 4000 ", "b": "iris qb 200 rb 0 ", "alone": "iris q 0  0 no_answer",
		"long": "iris xxxxx 200 r 1000 request_truncated", "long answer": "iris q 200 xxxxx 0 response_truncated",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded\n%v\nwant\n%v", got, want)
	}
	if l := store.ledger(); l.Dropped["unpaired"] != 1 {
		t.Errorf("%v", l.Dropped)
	}
}

// Without this, halves of exchanges would pile up until somebody stops the sidecar.
func TestIngestGivesUpWaiting(t *testing.T) {
	r, store := ingesting(t, nil)
	r.ingest.pairs.wait = time.Nanosecond
	sendTo(t, r.url, http.Header{"Ce-Type": {requestEvent}, "Ce-Id": {"a"}}, strings.NewReader("q"))
	for r.Ledger().Served == 0 {
		time.Sleep(time.Millisecond)
	}
	r.stop()
	if rows := store.rows(); len(rows) != 1 || rows[0].Defect != exchange.NoAnswer || rows[0].Model != exchange.UnknownModel {
		t.Errorf("recorded %+v", rows)
	}
}
