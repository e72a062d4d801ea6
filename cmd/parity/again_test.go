package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// notThreadSafe is an endpoint that answers every tenth request wrong where it
// is not alone. When it is asked the first time it waits for company, so that
// the test does not depend on luck.
type notThreadSafe struct {
	mu       sync.Mutex
	arrival  *sync.Cond
	arrived  int // requests, ever
	inFlight int
	asked    map[string]int
}

func newNotThreadSafe(t *testing.T) (*notThreadSafe, *echo) {
	s := &notThreadSafe{asked: map[string]int{}}
	s.arrival = sync.NewCond(&s.mu)
	return s, newEcho(t, s.answer)
}

func (s *notThreadSafe) answer(w http.ResponseWriter, r *http.Request) {
	body := readBody(r)
	if s.meets(body) {
		body = `{"n":-1}`
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, body)
}

// notThreadSafeRows is how many requests it is sent at first.
const notThreadSafeRows = 700

// meets says whether a request that minds was together with another one.
func (s *notThreadSafe) meets(body string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	s.arrived++
	s.asked[body]++
	s.arrival.Broadcast()
	defer func() { s.inFlight-- }()
	if n := number(body); n%10 > 0 || n%7 == 6 {
		return false
	}
	alone, first := s.inFlight == 1, s.asked[body] == 1
	for before := s.arrived; alone && first && before < notThreadSafeRows; alone = s.arrived == before {
		s.arrival.Wait()
	}
	return !alone || first // the last one of all may have nobody to wait for
}

// wrongTogether is what a report says of it, with how many were in flight.
var wrongTogether = regexp.MustCompile(`wrong at concurrency [2-8] and right at\s+1\s+\(concurrency-sensitive\)`)

// number is n of {"n":n}.
func number(body string) (n int) {
	fmt.Sscanf(body, `{"n":%d}`, &n)
	return n
}

// timesAsked says how often each request was asked, as counts by how often.
func (s *notThreadSafe) timesAsked() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[int]int{}
	for _, n := range s.asked {
		counts[n]++
	}
	return counts
}

// rechecks adds up what sending again showed, of all models.
func rechecks(t *testing.T, run string, args ...string) (sum struct {
	Sensitive, Flaky, Recovered, Concurrency int
	Match, Mismatch, Unavailable             int
},
) {
	t.Helper()
	var s struct {
		Models []struct {
			Ledger struct {
				Match, Mismatch int
				Unavailable     map[string]int
				Balanced        bool
			}
			Recheck struct {
				Sensitive   int `json:"concurrency_sensitive"`
				Flaky       int
				Recovered   int
				Concurrency int
			}
		}
	}
	r := mustParity(t, exitDone, append([]string{"report", run, "--json", "-"}, args...)...)
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Models {
		if !m.Ledger.Balanced {
			t.Errorf("the ledger does not balance: %s", r.stdout)
		}
		sum.Sensitive += m.Recheck.Sensitive
		sum.Flaky += m.Recheck.Flaky
		sum.Recovered += m.Recheck.Recovered
		sum.Concurrency = max(sum.Concurrency, m.Recheck.Concurrency)
		sum.Match += m.Ledger.Match
		sum.Mismatch += m.Ledger.Mismatch
		for _, n := range m.Ledger.Unavailable {
			sum.Unavailable += n
		}
	}
	return sum
}

const againGate = "gate: {budget: 3%, min_samples: 50}"

// Without this, the differences that sending many at a time makes would look
// like the model's own, or would vanish once they were sent alone.
func TestConcurrencySensitive(t *testing.T) {
	recording := makeRecording(t, 700, 100)
	config := writeConfig(t, againGate)
	eachStore(t, func(t *testing.T, location string) {
		endpoint, target := newNotThreadSafe(t)
		run := store.Join(location, "run")
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--concurrency", "8")
		mustParity(t, exitDone, "compare", run)
		mustParity(t, exitNotShown, "gate", run, "--config", config)
		before := mustParity(t, exitDone, "ls", run).stdout
		r := mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--concurrency", "1")
		if !strings.Contains(r.stderr, "60 of 60 planned exchanges to send, in 6 of 6 splits, to "+target.URL) {
			t.Errorf("it says %s", r.stderr)
		}
		if r := mustParity(t, exitFailed, "gate", run, "--config", config); !strings.Contains(r.stderr, "generation g1 of "+run+" is not judged yet") {
			t.Errorf("gate, before it is judged, says %s", r.stderr)
		}
		mustParity(t, exitDone, "compare", run)
		sum := rechecks(t, run)
		if sum.Match != 700 || sum.Sensitive != 60 || sum.Flaky != 0 || sum.Recovered != 0 || sum.Concurrency != 8 {
			t.Errorf("%+v", sum)
		}
		if times := endpoint.timesAsked(); times[1] != 640 || times[2] != 60 {
			t.Errorf("requests by how often they were sent: %v", times)
		}
		// It differs under the load that production has, so that it is over budget as before.
		if r := mustParity(t, exitNotShown, "gate", run, "--config", config); !wrongTogether.MatchString(r.stdout) {
			t.Errorf("gate says %s", r.stdout)
		}
		if n := strings.Count(mustParity(t, exitDone, "cat", run).stdout, `"status"`); n != 2*700 {
			t.Errorf("cat has %d answers", n)
		}
		if cat := mustParity(t, exitDone, "cat", run).stdout; strings.Contains(cat, "-1}") {
			t.Error("cat shows an answer that was replaced")
		}
		after := mustParity(t, exitDone, "ls", run).stdout
		if !strings.Contains(after, "60 exchanges sent again (mismatched of judgement") || strings.Contains(before, "generation") {
			t.Errorf("ls says %s", after)
		}
		mustParity(t, exitDone, "fsck", run)
	})
}

// firstTime is an endpoint that answers every tenth request by other when it is
// asked the first time, and right otherwise.
func firstTime(t *testing.T, other http.HandlerFunc) *echo {
	var seen sync.Map
	return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		body := readBody(r)
		if _, again := seen.LoadOrStore(body, true); !again && strings.HasSuffix(body, "0}") {
			other(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	})
}

func throttled(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }

func failing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// Without this, throttling could be mistaken for a difference, or what it took
// could not be asked for again.
func TestUnavailableRecovers(t *testing.T) {
	target := firstTime(t, throttled)
	run := filepath.Join(t.TempDir(), "run")
	config := writeConfig(t, againGate)
	mustParity(t, exitInconclusive, "run", makeRecording(t, 700, 100), "--target", target.URL, "--out", run, "--config", config, "--retries", "0")
	if sum := rechecks(t, run); sum.Unavailable != 70 {
		t.Fatalf("%+v", sum)
	}
	mustParity(t, exitDone, "replay", run, "--again", "unavailable")
	if n := target.asked.Load(); n != 770 {
		t.Errorf("%d requests for 700 exchanges of which 70 were sent again", n)
	}
	// A worker of the same job that comes late must not begin yet another one.
	if r := mustParity(t, exitDone, "replay", run, "--again", "unavailable"); !strings.Contains(r.stderr, "nothing is sent: generation g1") {
		t.Errorf("it says %s", r.stderr)
	}
	mustParity(t, exitDone, "compare", run, "--config", config)
	mustParity(t, exitDone, "gate", run, "--config", config)
	if sum := rechecks(t, run); sum.Match != 700 || sum.Recovered != 70 || sum.Sensitive+sum.Flaky != 0 {
		t.Errorf("%+v", sum)
	}
	if r := mustParity(t, exitDone, "replay", run, "--again", "unavailable"); !strings.Contains(r.stderr, "is among the unavailable") {
		t.Errorf("it says %s", r.stderr)
	}
}

// Without this, an endpoint that went down could take back what it had been
// shown to do, and pass.
func TestAnEndpointThatIsDownTakesNothingBack(t *testing.T) {
	target := newEcho(t, answerBack(10))
	run := filepath.Join(t.TempDir(), "run")
	config := writeConfig(t, againGate+"\ncompare: {number: {abs: 0}}")
	mustParity(t, exitNotShown, "run", makeRecording(t, 700, 100), "--target", target.URL, "--out", run, "--config", config)
	target.Close()
	mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--config", config)
	mustParity(t, exitDone, "compare", run, "--config", config)
	if sum := rechecks(t, run, "--config", config); sum.Mismatch != 70 || sum.Unavailable != 0 {
		t.Errorf("%+v", sum)
	}
	mustParity(t, exitNotShown, "gate", run, "--config", config)
	// They are mismatches still, and can be sent once more.
	if r := mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--config", config); !strings.Contains(r.stderr, "70 of 70 planned") {
		t.Errorf("it says %s", r.stderr)
	}
}

// Without this, one exchange could not be asked again, or an endpoint that gives
// a wrong answer now and then would pass.
func TestAgainByID(t *testing.T) {
	recording, run := makeRecording(t, 100, 10), filepath.Join(t.TempDir(), "run")
	target := firstTime(t, failing)
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	target.asked.Store(0)
	r := mustParity(t, exitFailed, "replay", run, "--again", "r10", "--again", "nope", "--again", "never")
	if !strings.Contains(r.stderr, "no exchange never, nope was sent in "+run) || target.asked.Load() != 0 {
		t.Errorf("it says %s", r.stderr)
	}
	var id string // of r30
	for _, line := range strings.Split(mustParity(t, exitDone, "cat", recording).stdout, "\n") {
		if strings.Contains(line, `"r30"`) {
			id = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(line)
		}
	}
	mustParity(t, exitDone, "replay", run, "--again", "r10", "--again", id, "--again", "r10", "--concurrency", "4")
	mustParity(t, exitDone, "replay", run, "--again", "r11")
	if n := target.asked.Load(); n != 3 {
		t.Errorf("%d requests for three ids", n)
	}
	if r := mustParity(t, exitFailed, "replay", run+"/mismatches", "--target", target.URL, "--out", run+"2"); !strings.Contains(r.stderr, "was sent again since its latest judgement") {
		t.Errorf("a mismatch set that is out of date: %s", r.stderr)
	}
	mustParity(t, exitDone, "compare", run)
	if sum := rechecks(t, run); sum.Flaky != 2 || sum.Mismatch != 8 || sum.Sensitive != 0 || sum.Match != 92 {
		t.Errorf("%+v", sum)
	}
	r = mustParity(t, exitDone, "show", run, "r10")
	for _, want := range []string{"generation g0, at concurrency 16", "generation g1, at concurrency 4", "500"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("show does not say %q: %s", want, r.stdout)
		}
	}
}

// wantsKey turns away who does not bring the key.
func wantsKey(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

// Without this, sending again to a target that wants a key would have to be told
// where it is, or would be turned away.
func TestAgainFindsTheTargetsHeaders(t *testing.T) {
	target := newEcho(t, wantsKey(answerBack(0)))
	run := filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", makeRecording(t, 20, 10), "--target", target.URL, "--out", run)
	config := writeConfig(t, fmt.Sprintf("targets: {new: {url: %q, headers: {X-Key: $KEY}, concurrency: 3}}", target.URL))
	env := map[string]string{"KEY": "secret"}
	if r := parityWith(t, env, "replay", run, "--again", "unavailable", "--config", config); r.code != exitDone {
		t.Fatal(r.stderr)
	}
	mustParity(t, exitDone, "compare", run)
	if sum := rechecks(t, run); sum.Recovered != 20 || sum.Match != 20 {
		t.Errorf("%+v", sum)
	}
	if r := mustParity(t, exitDone, "show", run, "r7"); !strings.Contains(r.stdout, "generation g1, at concurrency 3") {
		t.Errorf("it was not sent as the config says: %s", r.stdout)
	}
}

// Without this, a command that Parity prints, pasted, would send a target's
// requests without its credentials, and find all of them unavailable.
func TestCommandsCarryTheTargetsHeaders(t *testing.T) {
	target := newEcho(t, wantsKey(answerBack(2)))
	config := writeConfig(t, fmt.Sprintf("targets: {new: {url: %q, headers: {X-Key: $KEY}}}", target.URL))
	env, run, again := map[string]string{"KEY": "secret"}, filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "again")
	parityWith(t, env, "run", makeRecording(t, 20, 10), "--target", "new", "--out", run, "--config", config)
	_, rest, _ := strings.Cut(mustParity(t, exitDone, "show", run, "--config", config).stdout, "send the mismatches again:\n  ")
	line, _, _ := strings.Cut(rest, "\n")
	args := shellWords(t, strings.Replace(line, "RUN2", again, 1))
	parityWith(t, env, args[1:]...)
	if s := readSummary(t, again); s.Ledger.Planned == 0 || s.Ledger.Mismatch != s.Ledger.Planned {
		t.Errorf("%s: %+v", line, s.Ledger)
	}
	both := writeConfig(t, fmt.Sprintf("targets: {new: {url: %q}, old: {url: %[1]q}}", target.URL))
	if r := mustParity(t, exitFailed, "replay", run+"/mismatches", "--target", target.URL, "--out", again, "--config", both); !strings.Contains(r.stderr, "as targets new and old") {
		t.Error(r.stderr)
	}
}
