package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store/storetest"
	"github.com/modelparity/parity/report/reporttest"
)

// TestMain lets this binary be run as parity, by the scripts and by the tests
// that kill it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"parity": main})
}

// Without this, what the command line does and says could change unnoticed.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), RequireExplicitExec: true, UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: scriptSetup,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"truncate": truncate, "exchanges": writeExchanges, "exits": exits},
	})
}

// scriptSetup gives a script two endpoints: $SAME answers exchangeLines as they
// were recorded, $BROKEN one in ten of them otherwise.
func scriptSetup(env *testscript.Env) error {
	for name, answer := range map[string]http.HandlerFunc{"SAME": answerBack(0), "BROKEN": answerBack(10)} {
		server := httptest.NewServer(answer)
		env.Defer(server.Close)
		env.Setenv(name, server.URL)
	}
	return nil
}

// writeExchanges writes so many exchangeLines into a file.
func writeExchanges(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), exchangeLines(n), 0o600))
}

// exits runs a command that has to exit with a code: exits 3 parity gate run.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := exitDone
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		code = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s exits with %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// truncate cuts every Parquet file below a folder to half its length.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".parquet" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()/2)
	}))
}

// result is what one command line did.
type result struct {
	code           int
	stdout, stderr string
}

// parity runs a command line in this process.
func parity(t *testing.T, args ...string) result {
	t.Helper()
	return parityWith(t, nil, args...)
}

func parityWith(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: func(name string) string { return env[name] }}
	code := a.run(t.Context(), args)
	return result{code, stdout.String(), stderr.String()}
}

// mustParity runs a command line that has to exit with the code.
func mustParity(t *testing.T, code int, args ...string) result {
	t.Helper()
	r := parity(t, args...)
	if r.code != code {
		t.Fatalf("parity %s exits with %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	return r
}

// echo is an endpoint that answers with what it was asked, altered by change,
// and counts.
type echo struct {
	*httptest.Server
	asked atomic.Int64
}

func newEcho(t *testing.T, answer http.HandlerFunc) *echo {
	e := &echo{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

// exchangeLines are n exchanges of some models in the import format. Exchange i
// is answered {"n":i}.
func exchangeLines(n int) []byte {
	var lines bytes.Buffer
	for i := range n {
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"model-%d","request":{"path":"/m/%d","headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"latency_us":1000}`+"\n",
			i, i, i%7, i, i, i)
	}
	return lines.Bytes()
}

// makeRecording imports exchangeLines, with splits of so many rows each, and
// returns where the recording lies.
func makeRecording(t *testing.T, n, rows int) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(file, exchangeLines(n), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "recording")
	mustParity(t, exitDone, "import", "jsonl", file, "--out", out, "--split-rows", fmt.Sprint(rows))
	return out
}

// eachStore runs a test on a local folder and on a real S3 server.
func eachStore(t *testing.T, test func(t *testing.T, location string)) {
	t.Run("local", func(t *testing.T) { test(t, t.TempDir()) })
	t.Run("s3", func(t *testing.T) { test(t, storetest.S3(t)) })
}

// ids lists the ids that cat prints, in its order, repeats included.
func ids(t *testing.T, location string) []string {
	t.Helper()
	var all []string
	err := eachExchange(context.Background(), location, func(e *exchange.Exchange, _ exchange.Sides) error {
		all = append(all, e.ID.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// summary is report's JSON, as far as the tests look at it.
type summary struct {
	Verdict string
	Info    struct{ Selection, Chosen string }
	Ledger  struct {
		Planned, Match, Mismatch, Missing int64
		Balanced                          bool
	}
	Models []struct {
		Model, Verdict string
		Ledger         struct{ Planned, Mismatch int64 }
	}
}

func readSummary(t *testing.T, run string, args ...string) (s summary) {
	t.Helper()
	r := mustParity(t, exitDone, append([]string{"report", run, "--json", "-"}, args...)...)
	reporttest.Validate(t, filepath.Join("..", "..", "report", "summary.schema.json"), []byte(r.stdout))
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// writeConfig writes a parity.yaml and returns its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "parity.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readBody reads a request; one that breaks off, because its sender was
// killed, gets no answer.
func readBody(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return string(body)
}

// jsonLine is a line of the import format with a body.
func jsonLine(body string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id": "r1", "time": "2026-11-22T20:00:00Z", "model": "m",
		"request":  map[string]any{"method": "PUT", "path": "/a/../b?b=%41;c[0]={x}", "headers": map[string]any{"x-y": "it's"}, "body": body},
		"response": map[string]any{"status": 200},
	})
}

// freeAddress is one on loopback where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
