package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/replay"
)

var update = flag.Bool("update", false, "write the golden files")

// golden holds text against a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is now\n%s\nand was\n%s", file, text, want)
	}
}

func busyEndpoint(name string, ms, answered int64, inFlight, limit int) replay.Endpoint {
	return replay.Endpoint{Name: name, ServiceTime: time.Duration(ms) * time.Millisecond, Answered: answered, InFlight: inFlight, Limit: limit}
}

// busy is a replay that has everything.
func busy() *replayView {
	down := func(name, why string, givenUp bool, again time.Duration) replay.Endpoint {
		return replay.Endpoint{Name: "new.example/models/" + name + "/invocations", Why: why, GivenUp: givenUp, Again: again}
	}
	return &replayView{
		took: 49*time.Hour + 2*time.Minute + 3*time.Second, planned: 10_000_000, splits: 1000, committed: 361, rate: 412.4, left: 4*time.Hour + 29*time.Minute,
		judged: judgedView{on: true, pairs: 3_600_000, mismatches: 41},
		Progress: replay.Progress{
			Done: 3_612_345, Sent: 3_612_300, InFlight: 200, Waiting: 12, Warmed: 800, Splits: 3, Endpoints: 400, AllDown: 9,
			Failed: map[string]int64{"endpoint_down": 4410, "timeout": 12, "not_ready": 3}, Retried: 20_005, PutOff: map[string]int64{"throttled": 20_100, "reset": 5},
			Slowest: []replay.Endpoint{
				busyEndpoint("new.example/models/legal-summary-de/invocations", 12_345, 1_203, 64, 64), busyEndpoint("new.example/models/spam/invocations", 987, 90_210, 9, 31),
				busyEndpoint("new.example/models/a\x1b[2J\u202e\n</script>/invocations", 101, 7, 1, 2),
			},
			Down: []replay.Endpoint{
				down("toxic", "refused: dial: connection refused", true, 12*time.Second), down("toxic-v2", "timeout: context deadline exceeded", false, 1500*time.Millisecond),
				down("x\x1b]0;owned\a", "dns: \x1b[31mno such host", true, 0),
			},
		},
	}
}

// What is shown of a replay must be what is known of it, whatever the window's
// width and whatever names hold.
func TestReplayView(t *testing.T) {
	calm := &replayView{took: 3 * time.Second, planned: 1000, splits: 1, rate: 4.04, Progress: replay.Progress{
		Done: 12, Sent: 12, InFlight: 2, Splits: 1, Endpoints: 1, Slowest: []replay.Endpoint{busyEndpoint("127.0.0.1:9000", 2, 12, 2, 0)},
	}}
	stopped := busy()
	stopped.judged.stopped = "split 7: read \x1b[2Jx"
	var b strings.Builder
	for _, c := range []struct {
		title         string
		view          *replayView
		width, height int
	}{
		{"at the beginning", &replayView{planned: 1000, splits: 10}, 80, 24},
		{"one endpoint", calm, 80, 24},
		{"everything", busy(), 100, 24},
		{"everything, 80 columns", busy(), 80, 24},
		{"everything, 40 columns and 9 rows", busy(), 40, 9},
		{"judging has stopped", stopped, 120, 7},
	} {
		b.WriteString("# " + c.title + "\n")
		lines := c.view.lines(c.width, c.height)
		for _, line := range lines {
			b.WriteString(line + "\n")
			if n := text.StringWidthWithoutEscSequences(line); n >= c.width {
				t.Errorf("%s: a line takes %d of %d columns", c.title, n, c.width)
			}
			if printable(line) != line {
				t.Errorf("%s: %q", c.title, line)
			}
		}
		if len(lines) >= c.height {
			t.Errorf("%s: %d lines in %d rows", c.title, len(lines), c.height)
		}
		plain := c.view.plain()
		b.WriteString("log: " + plain + "\n\n")
		if printable(plain) != plain {
			t.Errorf("%s: %q", c.title, plain)
		}
	}
	golden(t, "replayview.txt", b.String())
	for width := range 120 {
		for height := range 20 {
			if n := len(busy().lines(width, height)); n > max(height-1, 1) {
				t.Errorf("%d lines in %d rows", n, height)
			}
		}
	}
}

// The rate is that of now, and not of the hours before.
func TestMeter(t *testing.T) {
	var m meter
	begin := time.Unix(1_700_000_000, 0)
	done := int64(0)
	for tick := range 3 * 60 * 5 { // 2 minutes of 1000 a second, then one of 10
		at := begin.Add(time.Duration(tick) * 200 * time.Millisecond)
		m.add(sample{at: at, done: done, requests: 2 * done})
		if tick < 2*60*5 {
			done += 200
		} else {
			done += 2
		}
	}
	if now, requests := m.rates(); now < 9.99 || now > 10.01 || requests != 2*now {
		t.Errorf("%v and %v a second", now, requests)
	}
	if n := len(m.samples); n > 77 {
		t.Errorf("%d samples are kept", n)
	}
	rare := meter{}
	for _, s := range []sample{{at: begin}, {at: begin.Add(time.Hour), done: 7200}} {
		rare.add(s)
	}
	if done, _ := rare.rates(); done != 2 {
		t.Errorf("between two samples an hour apart: %v a second", done)
	}
	if done, _ := (&meter{}).rates(); done != 0 {
		t.Errorf("nothing gives %v", done)
	}
}

// Endpoints are told apart by what differs in their names.
func TestAffixes(t *testing.T) {
	for _, c := range []struct{ names, want, title string }{
		{"h/models/a/x h/models/b/x", "a b", "h/models/…/x"},
		{"h/a h/b/c h/b/d", "a b/c b/d", "h/…"},
		{"h/a/x h/x", "a/x x", "h/…"},
		{"one two-x", "one two-x", ""},
		{"h/a", "h/a", ""},
		{"h/a/b/c h/a/c", "b/c c", "h/a/…"},
		{"h/x/x/x h/x/x", "x/x x", "h/x/…"},
		{"h/ h/b", " b", "h/…"},
	} {
		var all []replay.Endpoint
		for name := range strings.FieldsSeq(c.names) {
			all = append(all, replay.Endpoint{Name: name})
		}
		a := newAffixes(all)
		var got []string
		for _, e := range all {
			got = append(got, a.of(e))
		}
		if strings.Join(got, " ") != c.want || strings.TrimPrefix(a.title(""), ": ") != c.title {
			t.Errorf("%s: %q, %q", c.names, got, a.title(""))
		}
	}
}
