package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// variedRecording has n exchanges of seven models, a few of them hostile, and two
// versions. Of each hundred ten were answered 500, two 404, and two not at all.
func variedRecording(t *testing.T, n, rows int) string {
	t.Helper()
	var lines bytes.Buffer
	for i := range n {
		status, failure := 200, ""
		switch {
		case i%10 == 0:
			status = 500
		case i%50 == 7:
			status = 404
		case i%50 == 3:
			status, failure = 0, `,"failure":"timeout"`
		}
		model := fmt.Sprintf("model-%d", i%7)
		if i%7 == 6 {
			model = `\u001b[31mred\u202e`
		}
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"%s","model_version":"%d","request":{"path":"/m/%d","headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"response":{"status":%d%s,"headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"latency_us":1000}`+"\n",
			i, i, model, i%2, i, i, status, failure, i)
	}
	dir := t.TempDir()
	file, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", out, "--split-rows", fmt.Sprint(rows))
	return out
}

// sourceIDs are those of a dataset's requests, sorted.
func sourceIDs(t *testing.T, location string) (all []string) {
	t.Helper()
	err := eachExchange(t.Context(), location, func(e *exchange.Exchange, _ exchange.Sides) error {
		all = append(all, e.Request.SourceID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(all))
}

// sourceIDOf is that of a recording's i-th exchange.
func sourceIDOf(t *testing.T, recording string, i int) (source string) {
	t.Helper()
	err := eachExchange(t.Context(), recording, func(e *exchange.Exchange, _ exchange.Sides) error {
		if i--; i == -1 {
			source = e.Request.SourceID
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// right answers as the old system did, but for what it answered 500.
func right(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body := readBody(r)
	if strings.HasSuffix(body, "7}") {
		w.WriteHeader(http.StatusNotFound)
	}
	io.WriteString(w, body)
}

// Without this, a run by status, version, id or a cap could send something else than
// was asked for, be judged by other rows than were sent, or not balance; and what is
// sent again of it could be more than it has.
func TestReplayChooses(t *testing.T) {
	recording := variedRecording(t, 400, 40)
	target := newEcho(t, right)
	eachStore(t, func(t *testing.T, location string) {
		for i, c := range []struct {
			flags         string
			planned, sent int64
		}{
			{"--status 5xx", 40, 40},
			{"--status 0 --status 404", 16, 8},
			{"--status !2xx --version 1 --model model-*", 14, 7},
			{"--id r10 --id r11 --id r20", 3, 3},
			{"--max-requests 50 --status !0", 50, 50},
			{"--max-requests 7 --version 1 --model model-2", 7, 7},
			{"--status 5xx --max-requests 7 --sample 50%", 7, 7},
		} {
			run := store.Join(location, fmt.Sprint("run", i))
			args := append([]string{"replay", recording, "--target", target.URL, "--out", run}, strings.Fields(c.flags)...)
			target.asked.Store(0)
			r := mustParity(t, exitDone, args...)
			if want := fmt.Sprintf("planned %d = answered %d + failed 0 + skipped %d", c.planned, c.sent, c.planned-c.sent); target.asked.Load() != c.sent || !strings.Contains(r.stderr, want) {
				t.Errorf("%s: %d requests, want %s:\n%s", c.flags, target.asked.Load(), want, r.stderr)
			}
			mustParity(t, exitDone, "compare", run)
			s := readSummary(t, run)
			if s.Ledger.Planned != c.planned || !s.Ledger.Balanced || s.Ledger.Missing != 0 {
				t.Errorf("%s: %+v", c.flags, s.Ledger)
			}
			if chosen := strings.Contains(c.flags, "--status") || strings.Contains(c.flags, "--id"); (s.Info.Chosen != "") != chosen || s.Info.Selection == "" {
				t.Errorf("%s: the summary says it is of %q, chosen by its answers %q", c.flags, s.Info.Selection, s.Info.Chosen)
			}
			if n := len(ids(t, run)); int64(n) != c.planned {
				t.Errorf("%s: cat has %d exchanges, want %d", c.flags, n, c.planned)
			}
			mustParity(t, exitDone, "fsck", run)
			if s.Ledger.Mismatch == 0 {
				continue
			}
			if r := mustParity(t, exitDone, "replay", run, "--again", "mismatched"); !strings.Contains(r.stderr, fmt.Sprintf("planned %d =", s.Ledger.Mismatch)) {
				t.Errorf("%s: again sends\n%s", c.flags, r.stderr)
			}
			mustParity(t, exitDone, "compare", run)
			mustParity(t, exitDone, "fsck", run)
		}
		// A mismatch set is a recording.
		again := store.Join(location, "again")
		r := mustParity(t, exitDone, "replay", store.Join(location, "run0", "mismatches"), "--status", "5xx", "--version", "0", "--max-requests", "4", "--target", target.URL, "--out", again)
		if !strings.Contains(r.stderr, "planned 4 =") {
			t.Error(r.stderr)
		}
		mustParity(t, exitDone, "compare", again)
		if s := readSummary(t, again); s.Ledger.Planned != 4 || !s.Ledger.Balanced {
			t.Errorf("%+v", s.Ledger)
		}
		mustParity(t, exitDone, "fsck", again)
	})
}

// Without this, what is not sent yet of such a run would be counted with what was
// never asked for, and shards could plan different things.
func TestChosenRunThatIsNotComplete(t *testing.T) {
	recording, run := variedRecording(t, 400, 40), filepath.Join(t.TempDir(), "run")
	target := newEcho(t, right)
	args := []string{"replay", recording, "--target", target.URL, "--out", run, "--status", "!404", "--max-requests", "60"}
	mustParity(t, exitDone, append(args, "--shard", "0/2")...)
	mustParity(t, exitDone, "compare", run)
	s := readSummary(t, run)
	if s.Ledger.Planned != 60 || s.Ledger.Missing == 0 || !s.Ledger.Balanced {
		t.Errorf("%+v", s.Ledger)
	}
	mustParity(t, exitDone, append(args, "--shard", "1/2")...)
	mustParity(t, exitDone, "compare", run)
	if s = readSummary(t, run); s.Ledger.Planned != 60 || s.Ledger.Missing != 0 || !s.Ledger.Balanced {
		t.Errorf("%+v", s.Ledger)
	}
	mustParity(t, exitDone, "fsck", run)
}

// Without this, a capped replay that dies would go on with other requests than it
// began with.
func TestCappedReplayKilled(t *testing.T) {
	recording := variedRecording(t, 800, 40)
	target := newEcho(t, right)
	eachStore(t, func(t *testing.T, location string) {
		run, other := store.Join(location, "run"), store.Join(location, "other")
		args := []string{"replay", recording, "--target", target.URL, "--max-requests", "300", "--status", "!0", "--concurrency", "1", "--out"}
		target.asked.Store(0)
		p := start(t, append(args, run, "--rate", "200")...)
		p.waitFor(t, "requests", func() bool { return target.asked.Load() >= 60 })
		p.Process.Kill()
		<-p.ended
		mustParity(t, exitDone, append(args, run)...)
		sent := ids(t, run)
		checkNoDuplicates(t, sent)
		if len(sent) != 300 {
			t.Errorf("%d exchanges are there, want 300", len(sent))
		}
		mustParity(t, exitDone, append(args, other)...)
		if !slices.Equal(ids(t, other), sent) {
			t.Error("the same cap of the same recording takes other exchanges")
		}
		mustParity(t, exitDone, "compare", run)
		if s := readSummary(t, run); s.Ledger.Planned != 300 || !s.Ledger.Balanced {
			t.Errorf("%+v", s.Ledger)
		}
		mustParity(t, exitDone, "fsck", run)
	})
}

// Without this, ids that another tool found could not be sent as it lists them, or
// two lists could go into one run.
func TestReplayByIDFile(t *testing.T) {
	recording, dir := variedRecording(t, 100, 10), t.TempDir()
	target := newEcho(t, right)
	list := "r5\r\n\n  r95 \nr50\nr5\n" + ids(t, recording)[33] + "\n"
	with := func(stdin string, args ...string) result {
		var stdout, stderr bytes.Buffer
		a := &app{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
		code := a.run(t.Context(), append([]string{"run", recording, "--target", target.URL}, args...))
		return result{code, stdout.String(), stderr.String()}
	}
	run := filepath.Join(dir, "run")
	if r := with(list, "--ids", "-", "--out", run, "--recheck"); r.code == exitFailed {
		t.Fatal(r.stderr)
	}
	if got, want := sourceIDs(t, run), slices.Sorted(slices.Values([]string{"r5", "r50", "r95", sourceIDOf(t, recording, 33)})); !slices.Equal(got, want) {
		t.Errorf("%v were sent, want %v", got, want)
	}
	mustParity(t, exitDone, "fsck", run)
	file := filepath.Join(dir, "ids.txt")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := with("", "--ids", file, "--out", run); r.code == exitFailed || !strings.Contains(r.stderr, "nothing is sent") {
		t.Errorf("the same ids in a file: %s", r.stderr)
	}
	if r := with("r5", "--ids", "-", "--out", run); r.code != exitFailed || !strings.Contains(r.stderr, `not --id "r5"`) {
		t.Errorf("other ids: %s", r.stderr)
	}
	for stdin, want := range map[string]string{
		"\n \n":                      "--ids -: no id is in it: write one a line",
		"r5\nr500\n":                 `has the id "r500"`,
		strings.Repeat("x\n", 1e5+1): "100001 ids are more than the 100000 that a run can name",
		strings.Repeat("x", 1<<20):   "--ids -: bufio.Scanner: token too long",
	} {
		if r := with(stdin, "--ids", "-", "--out", filepath.Join(dir, "none")); r.code != exitFailed || !strings.Contains(r.stderr, want) {
			t.Errorf("%.20q: %s", stdin, r.stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("a run was begun")
	}
}

// Without this, a plan could promise something else than is sent, or a dry run could
// begin the run or ask the endpoint.
func TestDryRun(t *testing.T) {
	recording, dir := variedRecording(t, 400, 40), t.TempDir()
	run := filepath.Join(dir, "run")
	target := newEcho(t, right)
	config := writeConfig(t, `targets: {new: {url: "`+target.URL+`", price: {seconds: 0.5, memory_gb: 2, per_gb_second: 0.01, per_gb: 0.5, currency: "USD"}}}`)
	args := []string{"replay", recording, "--target", "new", "--config", config, "--model", "*", "--rate", "10/s"}
	dry := append(args, "--dry-run", "--json")
	var v planView
	read := func(args ...string) planView {
		t.Helper()
		var v planView
		if err := json.Unmarshal([]byte(mustParity(t, exitDone, args...).stdout), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	v = read(dry...)
	if v.Planned != 400 || v.Requests != 392 || v.Skipped["no_answer"] != 8 || v.Splits != 10 || len(v.Models) != 7 || v.Seconds != 39.2 || v.Run != "" {
		t.Errorf("%+v", v)
	}
	if v.RequestBytes < 392*8 || v.RequestBytes > 392*12 {
		t.Errorf("bodies of 7 to 9 bytes are said to have %d", v.RequestBytes)
	}
	if v.Price == nil || v.Price.Amount == nil || *v.Price.Amount < 392*0.5*2*0.01 || *v.Price.Amount > 392*0.5*2*0.01+0.001 {
		t.Errorf("%+v", v.Price)
	}
	for _, model := range v.Models { // each is what a run of it alone has
		one := read(append(dry, "--model", "!"+model.Model)...)
		if one.Planned != v.Planned-model.Planned || one.Requests != v.Requests-model.Requests {
			t.Errorf("without %q there are %d exchanges, %d of %d", model.Model, one.Planned, model.Planned, v.Planned)
		}
	}
	text := mustParity(t, exitDone, append(args, "--dry-run")...).stdout
	for _, want := range []string{
		`\x1b[31mred\u202e`, `selection  --model "*"`, "planned    400 exchanges of 7 models in 10 splits", "skipped    8 (no_answer 8)", "duration   at least 40s, at 10/s",
		"392 invocations × 0.5 s × 2 GB × 0.01 USD per GB-second + 0.000 GB of data × 0.5 USD per", "= 3.92 USD", "nothing was sent or written",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q:\n%s", want, text)
		}
	}
	if strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("a model's name gets through: %q", text)
	}
	if left, err := os.ReadDir(dir); target.asked.Load() != 0 || len(left) != 0 || err != nil {
		t.Errorf("%d requests were sent, %v is there, %v", target.asked.Load(), left, err)
	}
	if r := mustParity(t, exitFailed, append(args, "--model", "nobody", "--dry-run")...); !strings.Contains(r.stderr, `"\x1b[31mred\u202e"`) || strings.ContainsAny(r.stderr, "\x1b\u202e") {
		t.Errorf("what models there are gets through: %q", r.stderr)
	}
	args = append(args[:len(args)-2], "--out", run)
	r := mustParity(t, exitDone, append(args, "--shard", "0/2")...)
	if want := "the plan has 400 exchanges of 7 models in 10 splits"; !strings.Contains(r.stderr, want) || !strings.Contains(r.stderr, "8 skipped (no_answer 8); as fast as it goes") {
		t.Errorf("the plan is not printed:\n%s", r.stderr)
	}
	before, asked := ids(t, run), target.asked.Load()
	after := read(append(args, "--dry-run", "--json")...)
	if after.Run != run || after.SplitsSent != 5 || after.Planned != v.Planned || after.RequestBytes != v.RequestBytes {
		t.Errorf("%+v", after)
	}
	if !slices.Equal(ids(t, run), before) || target.asked.Load() != asked {
		t.Error("a dry run went on with the run")
	}
	if r := mustParity(t, exitFailed, append(args, "--dry-run", "--max-requests", "5")...); !strings.Contains(r.stderr, "was begun with selection") {
		t.Error(r.stderr)
	}
}

// Without this, a dry run could leave something in a bucket that somebody else's
// run would stumble over.
func TestDryRunWritesNothing(t *testing.T) {
	recording := variedRecording(t, 100, 40)
	eachStore(t, func(t *testing.T, location string) {
		run := store.Join(location, "run")
		mustParity(t, exitDone, "replay", recording, "--target", "http://127.0.0.1:1", "--out", run, "--dry-run", "--max-requests", "10")
		b, err := store.Open(t.Context(), location)
		if err != nil {
			t.Fatal(err)
		}
		for o, err := range b.List(t.Context(), "") {
			t.Errorf("%s is there, %v", o.Key, err)
		}
	})
}

// Without this, a price that nobody gave could stand in a plan.
func TestPriceIsAFormula(t *testing.T) {
	recording := variedRecording(t, 100, 40)
	config := writeConfig(t, `targets: {new: {url: "http://127.0.0.1:1", price: {memory_gb: 2}}, free: {url: "http://127.0.0.1:2"}}`)
	text := mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", config, "--dry-run").stdout
	if !strings.Contains(text, "98 invocations × seconds × 2 GB × per_gb_second + 0.000 GB of data × per_gb") || !strings.Contains(text, "targets.new.price in the config") || strings.Contains(text, " = ") {
		t.Error(text)
	}
	if text := mustParity(t, exitDone, "replay", recording, "--target", "free", "--config", config, "--dry-run").stdout; strings.Contains(text, "price") {
		t.Error(text)
	}
	bad := writeConfig(t, "targets:\n  new: {url: \"http://127.0.0.1:1\", price: {seconds: -1}}\n")
	if r := mustParity(t, exitFailed, "replay", recording, "--target", "new", "--config", bad, "--dry-run"); !strings.Contains(r.stderr, "[2:") || !strings.Contains(r.stderr, "targets.new.price.seconds -1: must be 0 or more") {
		t.Error(r.stderr)
	}
}
