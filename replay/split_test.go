package replay

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Comparing is a merge of two sequences: a result out of place, twice or not at
// all would be judged against another exchange's reference, or stop the job.
func TestResultsKeepOrderUnderRandomDelays(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for range rand.IntN(2000) {
			runtime.Gosched()
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTeapot)
		w.Write(body)
	})
	rows := recording(700)
	rows[5].Defect = exchange.RequestTruncated
	rows[699].Defect = exchange.NoAnswer
	rows[9].Request.Method = "NO METHOD"
	s := newSender(t, Options{Target: server.URL})
	got, counts := replay(t, s, rows...)

	if len(got) != len(rows) {
		t.Fatalf("%d results for %d rows", len(got), len(rows))
	}
	for i, e := range got {
		want := rows[i]
		key := exchange.Exchange{ID: want.ID, Time: want.Time, Model: want.Model, ModelVersion: want.ModelVersion, RequestHash: want.RequestHash, Defect: want.Defect}
		c := e.Candidate
		e.Candidate = exchange.Candidate{}
		if !reflect.DeepEqual(e, key) {
			t.Fatalf("row %d: key and nothing else is wanted: %+v, got %+v", i, key, e)
		}
		switch {
		case want.Defect != "":
			if !reflect.DeepEqual(c, exchange.Candidate{Answer: exchange.Answer{Failure: exchange.Skipped}, Error: string(want.Defect)}) {
				t.Errorf("row %d has a defect: got %+v", i, c)
			}
		case i == 9:
			if c.Failure != exchange.Unsendable || c.Error != `"NO METHOD" is no method` || c.Sent != 0 {
				t.Errorf("row %d can't be sent: got %+v", i, c)
			}
		case string(c.Body) != string(want.Request.Body) || c.Status != http.StatusTeapot || c.ContentType != "application/json" || c.Failure != "":
			t.Fatalf("row %d: got %d %s %q", i, c.Status, c.Failure, c.Body)
		case c.Sent == 0 || c.Due != c.Sent || c.FirstByteUS <= 0 || c.LatencyUS < c.FirstByteUS:
			t.Fatalf("row %d: times %+v", i, c)
		case !strings.Contains(string(c.Headers), `["content-type","application/json"]`):
			t.Fatalf("row %d: headers %s", i, c.Headers)
		}
	}
	want := Counts{
		Planned: 700, Sent: 697, Answered: 697,
		Skipped: map[string]int64{"request_truncated": 1, "no_answer": 1}, Failed: map[string]int64{"unsendable": 1},
	}
	counts.Reached = nil // TestReachedIsWhatWasInFlight
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("counts %+v, want %+v", counts, want)
	}
	if p := s.Progress(); p.Done != 700 || p.Sent != 697 || p.Failed["unsendable"] != 1 || len(p.Failed) != 1 {
		t.Errorf("progress %+v", p)
	}
}

// A run of one model must send nothing of the others, and its results must
// hold nothing of them: compare takes an extra row for damage.
func TestOnlyTheSelectionIsPlanned(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	rows := recording(30)
	rows[4].Defect = exchange.NoAnswer  // model-1
	rows[5].Defect = exchange.Redacted  // model-2, not selected
	rows[29].Request.Method = "NO SUCH" // model-2
	s := newSender(t, Options{Target: server.URL, Selection: exchange.Selection{Models: []string{"*-1"}}})
	got, counts := replay(t, s, rows...)
	for i, e := range got {
		if e.ID != rows[3*i+1].ID {
			t.Errorf("result %d is of %s %s", i, e.Model, e.ID)
		}
	}
	want := Counts{Planned: 10, Sent: 9, Answered: 9, Skipped: map[string]int64{"no_answer": 1}}
	counts.Reached = nil // TestReachedIsWhatWasInFlight
	if len(got) != 10 || !reflect.DeepEqual(counts, want) {
		t.Errorf("%d results, counts %+v, want %+v", len(got), counts, want)
	}
}

// A split of which nothing is selected must still give an empty result, not an
// error: the run would never be complete.
func TestEmptySplit(t *testing.T) {
	got, counts := replay(t, newSender(t, Options{Target: "http://127.0.0.1:1"}))
	counts.Reached = nil // TestReachedIsWhatWasInFlight
	if len(got) != 0 || !reflect.DeepEqual(counts, Counts{}) {
		t.Errorf("%d results, %+v", len(got), counts)
	}
}

// After Ctrl-C no row may be there that failed because of the Ctrl-C, and
// nothing may go on sending.
func TestCancelMidway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if n == 400 {
			cancel()
		}
		if n >= 400 {
			<-r.Context().Done() // the client has gone away
		}
	})
	s := newSender(t, Options{Target: server.URL, Concurrency: 4})
	var out sink
	counts, err := s.Split(ctx, &source{rows: recording(5000)}, &out)
	counts.Reached = nil // TestReachedIsWhatWasInFlight
	if err != context.Canceled || !reflect.DeepEqual(counts, Counts{}) {
		t.Errorf("got %+v, %v", counts, err)
	}
	for i, e := range out.rows {
		if e.Candidate.Failure != "" || e.Candidate.Status != 200 {
			t.Errorf("row %d was written as %q: %s", i, e.Candidate.Failure, e.Candidate.Error)
		}
	}
	if p := s.Progress(); p.InFlight != 0 || p.Failed != nil {
		t.Errorf("progress %+v", p)
	}
	if n := s.memory.taken.Load(); n != 0 || s.sched.inFlight != 0 {
		t.Errorf("%d bytes and %d slots are not given back", n, s.sched.inFlight)
	}
}

// A recording or a run that can't be read or written is an error that says
// which, or a split that was cut short would be taken for whole. A wrapped
// io.EOF is such a cut.
func TestSourceAndSinkErrors(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	s := newSender(t, Options{Target: server.URL})
	broken := errors.New("damaged page")
	for _, c := range []struct {
		name string
		src  source
		sink sink
		want error
		text string
	}{
		{"source", source{rows: recording(10), err: broken}, sink{}, broken, "read the recorded requests: damaged page"},
		{"cut", source{rows: recording(10), err: errors.Join(io.EOF)}, sink{}, io.EOF, "read the recorded requests: EOF"},
		{"sink", source{rows: recording(2000)}, sink{err: broken}, broken, "write the results: damaged page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			counts, err := s.Split(t.Context(), &c.src, &c.sink)
			counts.Reached = nil // TestReachedIsWhatWasInFlight
			if !errors.Is(err, c.want) || err.Error() != c.text || !reflect.DeepEqual(counts, Counts{}) {
				t.Errorf("got %+v, %v", counts, err)
			}
		})
	}
}

// Interrupted is exit code 130, not a broken recording: whatever Ctrl-C made
// fail first, the error is the context's own.
func TestCancelWinsOverOtherErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newSender(t, Options{Target: "http://127.0.0.1:1"})
	if _, err := s.Split(ctx, &source{err: errors.New("read: operation was canceled")}, &sink{}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// The totals of a run are sums over splits: a sum that changed its parts would
// count some twice.
func TestCountsAdd(t *testing.T) {
	part := Counts{Planned: 3, Sent: 2, Answered: 1, Skipped: map[string]int64{"no_answer": 1}, Failed: map[string]int64{"dns": 1}}
	var total Counts
	total.Add(part)
	total.Add(part)
	total.Add(Counts{Failed: map[string]int64{"tls": 5}})
	want := Counts{Planned: 6, Sent: 4, Answered: 2, Skipped: map[string]int64{"no_answer": 2}, Failed: map[string]int64{"dns": 2, "tls": 5}}
	if !reflect.DeepEqual(total, want) || !maps.Equal(part.Failed, map[string]int64{"dns": 1}) {
		t.Errorf("total %+v, part %+v", total, part)
	}
}

// Without this, a target that nothing recorded can be sent to would be tried to the
// last of ten million exchanges.
func TestNothingHasAnEndpoint(t *testing.T) {
	rows := recording(2 * leastSettled)
	for i := range rows {
		rows[i].ModelVersion = "" // {version} has nothing to stand for
	}
	s := newSender(t, Options{Target: "http://127.0.0.1:1/{version}", AbortAfter: 0.5})
	_, err := s.Split(t.Context(), &source{rows: rows}, &sink{})
	if aborted, ok := errors.AsType[*AbortError](err); !ok || aborted.Class != exchange.Unsendable || aborted.Of != leastSettled {
		t.Errorf("the error is %v", err)
	}
	if n := s.memory.taken.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}
