package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/modelparity/parity/internal/dataset"
)

// brokenRun makes a judged run of 100 exchanges in 10 splits, 10 of which
// differ, in a store of its own.
func brokenRun(t *testing.T) (recording, run string) {
	t.Helper()
	recording, run = makeRecording(t, 100, 10), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", newEcho(t, answerBack(10)).URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	return recording, run
}

// files lists what a pattern below a folder matches, at least one.
func files(t *testing.T, parts ...string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(parts...))
	if err != nil || len(all) == 0 {
		t.Fatalf("no files %v: %v", parts, err)
	}
	return all
}

// Without this, what somebody deleted or exchanged in a run could change its
// verdict in silence.
func TestLostAndSwappedObjects(t *testing.T) {
	remove := func(path string) error { return os.Remove(path) }
	for name, c := range map[string]struct {
		harm func(run string) error
		fsck string // what it says; "" where only a part is missing, which is no damage
		gate int
	}{
		"a mismatch object": {func(run string) error {
			return remove(files(t, run, "judgements", "*", "mismatches", "*.parquet")[0])
		}, "its mismatch set has", exitFailed},
		"a tally": {func(run string) error { return remove(files(t, run, "judgements", "*", "tallies", "000003.json")[0]) }, "", exitFailed},
		"what is said of repeats": {func(run string) error {
			return remove(files(t, run, "judgements", "*", "repeats.json")[0])
		}, "", exitFailed},
		"what is said of another run's": {func(run string) error {
			_, other := brokenRun(t)
			text, err := os.ReadFile(files(t, other, "judgements", "*", "repeats.json")[0])
			if err != nil {
				return err
			}
			return os.WriteFile(files(t, run, "judgements", "*", "repeats.json")[0], text, 0o600)
		}, "somebody moved it here", exitFailed},
		"a result": {func(run string) error { return remove(filepath.Join(run, "results", "g0", "000003.parquet")) }, "its result is gone", exitFailed},
		"the plan": {func(run string) error { return remove(filepath.Join(run, "plan.parquet")) }, "no plan", exitFailed},
		"results swapped": {func(run string) error {
			a, b := filepath.Join(run, "results", "g0", "000001.parquet"), filepath.Join(run, "results", "g0", "000002.parquet")
			if err := os.RemoveAll(filepath.Join(run, "judgements")); err != nil {
				return err
			}
			if err := os.Rename(a, a+".x"); err != nil {
				return err
			}
			if err := os.Rename(b, a); err != nil {
				return err
			}
			return os.Rename(a+".x", b)
		}, "somebody moved it here", exitFailed},
		"tallies copied": {func(run string) error {
			all := files(t, run, "judgements", "*", "tallies", "*.json")
			text, err := os.ReadFile(all[0])
			if err != nil {
				return err
			}
			return os.WriteFile(all[1], text, 0o600)
		}, "somebody moved it here", exitFailed},
		"a result of another run": {func(run string) error {
			_, other := brokenRun(t)
			text, err := os.ReadFile(filepath.Join(other, "results", "g0", "000003.parquet"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(run, "results", "g0", "000003.parquet"), text, 0o600)
		}, "somebody moved it here", exitNotShown},
	} {
		t.Run(name, func(t *testing.T) {
			_, run := brokenRun(t)
			mustParity(t, exitDone, "fsck", run)
			if err := c.harm(run); err != nil {
				t.Fatal(err)
			}
			if c.fsck != "" {
				if r := mustParity(t, exitFailed, "fsck", run); !strings.Contains(r.stdout, c.fsck) {
					t.Errorf("fsck says %s, want %q", r.stdout, c.fsck)
				}
			}
			if name == "a mismatch object" {
				r := mustParity(t, exitFailed, "replay", run+"/mismatches", "--target", "http://127.0.0.1:1", "--out", run+"2")
				if !strings.Contains(r.stderr, "its mismatch set has 9") {
					t.Errorf("replay says %s", r.stderr)
				}
			}
			if c.gate != exitFailed {
				mustParity(t, c.gate, "gate", run)
				return
			}
			if name != "a mismatch object" { // which no verdict is taken from
				if r := parity(t, "compare", run); name == "results swapped" && (r.code != exitFailed || !strings.Contains(r.stderr, "somebody moved it here")) {
					t.Errorf("compare: %d, %s", r.code, r.stderr)
				}
			}
		})
	}
}

// Without this, datasets could be put into each other and be lost there.
func TestDatasetsKeepApart(t *testing.T) {
	recording, run := brokenRun(t)
	target := newEcho(t, answerBack(0))
	in := filepath.Join(filepath.Dir(recording), "in.jsonl")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"is a run: choose another --out", []string{"import", "jsonl", in, "--out", run}},
		{"lies in the recording", []string{"replay", recording, "--target", target.URL, "--out", filepath.Join(recording, "run")}},
		{"must be above 0", []string{"import", "jsonl", in, "--out", filepath.Join(t.TempDir(), "x"), "--split-rows", "-1"}},
		{`model "nosuch-*" matches none`, []string{"replay", recording, "--target", target.URL, "--out", filepath.Join(t.TempDir(), "x"), "--model", "model-1", "--model", "nosuch-*"}},
		{"is a run, not a recording", []string{"replay", run, "--target", target.URL, "--out", filepath.Join(t.TempDir(), "x")}},
	} {
		if r := mustParity(t, exitFailed, c.args...); !strings.Contains(r.stderr, c.want) {
			t.Errorf("parity %v says %s, want %q", c.args, r.stderr, c.want)
		}
	}
	if n := target.asked.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	both := t.TempDir()
	for name, from := range map[string]string{"recording": recording, "run": run} {
		if err := os.CopyFS(filepath.Join(both, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	if r := mustParity(t, exitFailed, "cat", both); !strings.Contains(r.stderr, "not a recording") || strings.Contains(r.stdout, "00000000-0000") {
		t.Errorf("cat of a store says %s%s", r.stdout, r.stderr)
	}
	if r := mustParity(t, exitDone, "ls", both); strings.Count(r.stdout, "\n") != 3 {
		t.Errorf("ls of a store says %s", r.stdout)
	}
	mustParity(t, exitDone, "fsck", run+"/mismatches")
}

// Without this, the one who replays mismatches that are none would look for
// what is wrong.
func TestNoMismatches(t *testing.T) {
	recording, run := makeRecording(t, 20, 10), filepath.Join(t.TempDir(), "run")
	target := newEcho(t, answerBack(0))
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	r := mustParity(t, exitFailed, "replay", run+"/mismatches", "--target", target.URL, "--out", run+"2")
	if !strings.Contains(r.stderr, "is empty: nothing differed") {
		t.Errorf("it says %s", r.stderr)
	}
	if r := mustParity(t, exitDone, "show", run); !strings.Contains(r.stdout, "no mismatches") {
		t.Errorf("it says %s", r.stdout)
	}
}

// Without this, an import over months could take all memory or all files.
func TestImportOfManyHours(t *testing.T) {
	var lines strings.Builder
	for day := range 28 {
		for hour := range 24 {
			lines.WriteString(`{"id":"x","time":"2026-02-` + two(day+1) + `T` + two(hour) + `:00:00Z","model":"m","request":{"path":"/"},"response":{"status":200}}` + "\n")
		}
	}
	file := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "recording")
	cmd := exec.Command("bash", "-c", `ulimit -n 128; exec parity import jsonl "$0" --out "$1"`, file, out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	rec, err := dataset.OpenRecording(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := rec.Stats(t.Context()); err != nil || st.Rows != 28*24 || st.Objects != 28*24 {
		t.Errorf("%+v, %v", st, err)
	}
}

func two(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

// need ends the test where there is no such program: it is skipped, and fails
// where nothing may be.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("PARITY_NO_SKIP") != "" {
		t.Fatalf("%s is not there", program)
	}
	t.Skipf("%s is not there; the lines that parity prints for it are not tried", program)
}

// Without this, the curl line that show prints could send something else than
// was recorded.
func TestCurlLine(t *testing.T) {
	need(t, "curl")
	for name, body := range map[string]string{
		"quotes":  `{"a":"it's \"x\" $HOME ` + "`id`" + ` \\ !"}`,
		"control": "a\x01\tb\nc",
		"unicode": "é 😀 \u202e",
		"large":   strings.Repeat("x'y\"\n", 3000),
		"empty":   "",
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			old := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = append(got, r.Method+" "+r.RequestURI+" "+r.Header.Get("X-Y")+" "+string(body))
			})
			dir := t.TempDir()
			line, err := jsonLine(body)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "in.jsonl"), line, 0o600); err != nil {
				t.Fatal(err)
			}
			run := filepath.Join(dir, "run")
			mustParity(t, exitDone, "import", "jsonl", filepath.Join(dir, "in.jsonl"), "--out", filepath.Join(dir, "rec"))
			mustParity(t, exitDone, "replay", filepath.Join(dir, "rec"), "--target", old.URL, "--out", run)
			for _, command := range curlLines(t, run) {
				if strings.Contains(command, "jq ") {
					need(t, "jq")
				}
				cmd := exec.Command("bash", "-c", command)
				cmd.Env = append(os.Environ(), "OLD="+old.URL)
				if text, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s\n%s", err, text, command)
				}
			}
			if len(got) != 3 || got[0] != got[1] || got[0] != got[2] {
				t.Errorf("replay sent %q\ncurl sent %q", got[0], got[1:])
			}
		})
	}
}

// curlLines are the commands that show prints for either side.
func curlLines(t *testing.T, run string, args ...string) [2]string {
	t.Helper()
	_, rest, ok := strings.Cut(mustParity(t, exitDone, append([]string{"show", run, "r1"}, args...)...).stdout, "send it again:\n")
	candidate, rest, more := strings.Cut(rest, "\nsend it to the old system")
	_, reference, end := strings.Cut(rest, ":\n")
	if !ok || !more || !end {
		t.Fatal("no curl lines")
	}
	return [2]string{candidate, reference}
}

// Without this, a curl line that is pasted into a chat could hold a token, or
// say nothing of the credentials that it takes.
func TestCurlLeavesSecretsInTheEnvironment(t *testing.T) {
	need(t, "curl")
	var mu sync.Mutex // what a server was asked last is looked at after its answer
	last := map[string]http.Header{}
	got := func(name string) http.Header {
		mu.Lock()
		defer mu.Unlock()
		return last[name]
	}
	serve := func(name string) *echo {
		return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			last[name] = r.Header
			mu.Unlock()
			io.WriteString(w, name)
		})
	}
	target, old, dir := serve("new"), serve("old"), t.TempDir()
	t.Setenv("NEW_TOKEN", "s3cret")
	t.Setenv("x_api_key", "literal-s3cret")
	env := map[string]string{"NEW_TOKEN": "s3cret"}
	config := writeConfig(t, `targets:
  new: {url: "`+target.URL+`", headers: {Authorization: "Bearer $NEW_TOKEN \"$(echo pwned)`+"`id`"+`!", x-api-key: literal-s3cret}}
  old: {url: "`+old.URL+`", headers: {Authorization: "Basic ${NEW_TOKEN}"}}
`)
	line, err := jsonLine("x")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.jsonl"), line, 0o600); err != nil {
		t.Fatal(err)
	}
	recording, run, control := filepath.Join(dir, "rec"), filepath.Join(dir, "run"), filepath.Join(dir, "control")
	mustParity(t, exitDone, "import", "jsonl", filepath.Join(dir, "in.jsonl"), "--out", recording)
	parityWith(t, env, "replay", recording, "--target", "new", "--out", run, "--config", config)
	parityWith(t, env, "replay", recording, "--target", "old", "--out", control, "--config", config)
	mustParity(t, exitDone, "compare", run, "--control", control, "--config", config)
	sent := map[string]http.Header{"new": got("new"), "old": got("old")}
	for i, command := range curlLines(t, run, "--config", config) {
		if strings.Contains(command, "s3cret") {
			t.Errorf("a secret is in\n%s", command)
		}
		if text, err := exec.Command("bash", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, text, command)
		}
		name := []string{"new", "old"}[i]
		for _, h := range []string{"Authorization", "X-Api-Key"} {
			if got(name).Get(h) != sent[name].Get(h) {
				t.Errorf("%s: curl sent %s %q, replay %q", name, h, got(name).Get(h), sent[name].Get(h))
			}
		}
	}
}

// Without this, --json /dev/null would replace the device by a file, which
// takes a machine down when root does it.
func TestReportIntoAPipe(t *testing.T) {
	_, run := brokenRun(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte, 1)
	go func() {
		text, _ := os.ReadFile(pipe)
		got <- text
	}()
	mustParity(t, exitDone, "report", run, "--json", pipe)
	if text := <-got; !strings.HasPrefix(string(text), "{") {
		t.Errorf("%d bytes came through the pipe", len(text))
	}
	if info, err := os.Stat(pipe); err != nil || info.Mode().IsRegular() {
		t.Errorf("the pipe is gone: %v, %v", info, err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	mustParity(t, exitDone, "report", run, "--html", file)
	mustParity(t, exitDone, "report", run, "--html", file)
	if names, err := os.ReadDir(filepath.Dir(file)); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
}
