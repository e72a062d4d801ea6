package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/sagemakertest"
)

// serverless is an account with one endpoint a model, each with cold starts and a
// concurrency of its own, under a quota for all. The second's container has an error
// for every request, and the third doesn't exist.
func serverless(t *testing.T, models []string, quota int) {
	sageMaker(t, nil) // the environment of somebody who may invoke
	r := &sagemakertest.Runtime{Region: "eu-west-1", MaxConcurrency: quota, Keys: map[string]sagemakertest.Key{"AKIDGOOD": {Secret: "s3cret"}}, Endpoints: map[string]*sagemakertest.Endpoint{}}
	for i, model := range models {
		status := 200
		if i == 1 {
			status = 500
		}
		e := &sagemakertest.Endpoint{MaxConcurrency: 2, Provision: func(context.Context) { time.Sleep(50 * time.Millisecond) }}
		e.Container = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodPost {
				time.Sleep(time.Millisecond)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = io.Copy(w, req.Body)
			}
		})
		if i != 2 {
			r.Endpoints["mod-"+model] = e
		}
	}
	server := httptest.NewServer(r)
	t.Cleanup(r.Close)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", server.URL)
}

// Four hundred endpoints under a quota of four, where a new account has ten,
// and with no flag given. Without this, all of them would throttle each
// other until the replay stops, with nothing sent.
func TestFourHundredEndpoints(t *testing.T) {
	const each = 3
	var models []string
	var lines strings.Builder
	for i := range 400 {
		models = append(models, fmt.Sprintf("m-%03d", i))
	}
	for i := range each * len(models) {
		body := fmt.Sprintf(`{"n":%d}`, i)
		line, err := json.Marshal(map[string]any{
			"id": fmt.Sprint("r", i), "time": "2026-11-22T20:00:00Z", "model": models[i%len(models)],
			"request":  map[string]any{"method": "POST", "path": "/m", "headers": map[string]any{"content-type": "application/json"}, "body": body},
			"response": map[string]any{"status": 200, "headers": map[string]any{"content-type": "application/json"}, "body": body},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	dir := t.TempDir()
	file, recording := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "rec")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording, "--split-rows", "200")
	serverless(t, models, 4)
	for name, flags := range map[string][]string{"default": nil, "auto": {"--concurrency", "auto"}} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			r := mustParity(t, exitDone, append([]string{"replay", recording, "--target", "sagemaker://mod-{model}", "--out", run}, flags...)...)
			if !strings.Contains(r.stderr, fmt.Sprintf("planned %d = answered %d + failed %d (no_endpoint %d) + skipped 0", each*400, each*399, each, each)) {
				t.Errorf("it says %s", r.stderr)
			}
			mustParity(t, exitDone, "compare", run)
			s := readSummary(t, run)
			if l := s.Ledger; l.Match != each*398 || l.Mismatch != each || l.Missing != 0 || !l.Balanced {
				t.Errorf("%+v", l)
			}
			if n := len(ids(t, run)); n != each*400 {
				t.Errorf("%d rows for %d exchanges", n, each*400)
			}
		})
	}
}
