package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/sagemakertest"
)

// sageMaker serves endpoints whose containers answer what h says, and makes the
// environment that of somebody who may invoke them.
func sageMaker(t *testing.T, h http.HandlerFunc, endpoints ...string) string {
	r := &sagemakertest.Runtime{Region: "eu-west-1", Keys: map[string]sagemakertest.Key{"AKIDGOOD": {Secret: "s3cret"}}, Endpoints: map[string]*sagemakertest.Endpoint{}}
	for _, name := range endpoints {
		r.Endpoints[name] = &sagemakertest.Endpoint{Container: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodPost {
				req.Header.Set("Endpoint", name)
				h(w, req)
			}
		})}
	}
	server := httptest.NewServer(r)
	t.Cleanup(r.Close)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDGOOD", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "eu-west-1",
		"AWS_DEFAULT_REGION": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": server.URL,
	} {
		t.Setenv(name, value)
		if value == "" {
			os.Unsetenv(name) // which the test's end undoes too
		}
	}
	return server.URL
}

// importBodies makes a recording with an exchange of each model.
func importBodies(t *testing.T, dir, body string, models ...string) string {
	t.Helper()
	var lines bytes.Buffer
	for i, model := range models {
		line, err := json.Marshal(map[string]any{
			"id": fmt.Sprint("r", i+1), "time": "2026-11-22T20:00:00Z", "model": model,
			"request":  map[string]any{"method": "POST", "path": "/old/" + model, "headers": map[string]any{"content-type": "application/json", "accept": "text/csv, */*", "x-y": "z"}, "body": body},
			"response": map[string]any{"status": 200, "headers": map[string]any{"content-type": "application/json"}, "body": `{"label":"ham"}`},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	file, recording := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "rec")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording)
	return recording
}

// A migration to serverless endpoints, whose names can't be the models': without
// this, it could be tried on AWS only.
func TestSageMakerRun(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	sageMaker(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.Header.Get("Endpoint")]++
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.Header.Get("Endpoint"), "-bad") {
			w.WriteHeader(422)
		}
		io.WriteString(w, `{"label":"ham"}`)
	}, "mod-a", "mod-b-c", "mod-bad")
	dir := t.TempDir()
	recording := importBodies(t, dir, `{"text":"x"}`, "a", "b_c", "bad", "gone")
	config := writeConfig(t, `targets: { new: { url: "sagemaker://mod-{model}", names: endpoints.csv, concurrency: 2 } }`)
	names := filepath.Join(filepath.Dir(config), "endpoints.csv")
	if err := os.WriteFile(names, []byte("model,endpoint\nb_c,mod-b-c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", config, "--out", run)
	mustParity(t, exitDone, "compare", run)
	out := mustParity(t, exitDone, "cat", run).stdout
	for _, want := range []string{`"x-amzn-invoked-production-variant":"AllTraffic"`, `"status":422`, `"failure":"no_endpoint"`} {
		if !strings.Contains(out, want) {
			t.Errorf("the run lacks %s:\n%s", want, out)
		}
	}
	mu.Lock()
	if len(asked) != 3 || asked["mod-b-c"] != 1 {
		t.Errorf("asked %v", asked)
	}
	mu.Unlock()
	shown := mustParity(t, exitDone, "show", run).stdout
	for _, want := range []string{"no_endpoint", "status"} { // 422 is the container's own word
		if !strings.Contains(shown, want) {
			t.Errorf("show lacks %s:\n%s", want, shown)
		}
	}
	// Nothing is written of a plan in which two models end at one endpoint.
	for target, want := range map[string]string{
		"sagemaker://mod-{model}": `the endpoint's name for model "b_c" would be "mod-b_c"`,
		"sagemaker://mod-a":       `models "a" and "b_c" would both be sent to sagemaker://mod-a`,
	} {
		out := filepath.Join(dir, "refused")
		r := mustParity(t, exitFailed, "replay", recording, "--target", target, "--out", out)
		if _, err := os.Stat(out); !os.IsNotExist(err) || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %v, %s", target, err, r.stderr)
		}
	}
	// The table is part of what the run is.
	if err := os.WriteFile(names, []byte("b_c,mod-a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{recording, "--target", "new", "--out", run}, {run, "--again", "unavailable", "--target", "new"}} {
		r := mustParity(t, exitFailed, append([]string{"replay", "--config", config}, args...)...)
		if !strings.Contains(r.stderr, `begun with the endpoint "mod-b-c" for model "b_c" in the table of names, not "mod-a"`) {
			t.Errorf("another table: %s", r.stderr)
		}
	}
	// Without the config, sending again goes where the run says.
	mustParity(t, exitDone, "replay", run, "--again", "r2")
	mu.Lock()
	if asked["mod-b-c"] != 2 {
		t.Errorf("asked %v", asked)
	}
	mu.Unlock()
	if err := os.WriteFile(names, []byte("b_c,mod-a\nb_c,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"replay", recording, "--target", "new", "--out", run + "2"}, {"doctor"}} {
		r := mustParity(t, exitFailed, append(args, "--config", config)...)
		if said := strings.Join(strings.Fields(r.stderr+r.stdout), " "); !strings.Contains(said, `line 2: model "b_c" has an endpoint already, in line 1`) {
			t.Errorf("%s of a broken table: %s", args[0], said)
		}
	}
}

// Without this, who tries a table of names would not see which endpoint was asked.
func TestTryOfSageMaker(t *testing.T) {
	sageMaker(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"label":"ham"}`) }, "mod-b-c")
	recording := importBodies(t, t.TempDir(), `{"text":"x"}`, "b_c")
	config := writeConfig(t, `targets: { new: { url: "sagemaker://mod-{model}", names: endpoints.csv } }`)
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "endpoints.csv"), []byte("model,endpoint\nb_c,mod-b-c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, how := range []struct{ flag, want string }{{"--json=false", "to sagemaker://mod-b-c  ("}, {"--json", `"url":"sagemaker://mod-b-c"`}} {
		if said := mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", config, "--try", "1", how.flag).stdout; !strings.Contains(said, how.want) {
			t.Errorf("no word of %q in %s", how.want, said)
		}
	}
}

// The line that show prints must ask what was asked, by AWS's own tool.
func TestInvokeLine(t *testing.T) {
	need(t, "aws")
	for name, body := range map[string]string{"quotes": `{"a":"it's \"x\" $HOME ` + "`id`" + ` \\ %s !"}`, "large": strings.Repeat("x'y\"\n", 3000), "empty": ""} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var got []string
			url := sageMaker(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				text, _ := io.ReadAll(r.Body)
				r.Header.Del("Endpoint")
				got = append(got, fmt.Sprint(r.Header, string(text)))
				io.WriteString(w, `{"label":"eggs"}`)
			}, "mod-m")
			dir := t.TempDir()
			recording, run := importBodies(t, dir, body, "m"), filepath.Join(dir, "run")
			target := "sagemaker://mod-{model}?variant=AllTraffic&model={model}/it%27s.tar.gz"
			config := writeConfig(t, `targets: { new: { url: "`+target+`", headers: { X-Amzn-SageMaker-Custom-Attributes: "tenant=$TENANT" } } }`)
			parityWith(t, map[string]string{"TENANT": "t 1"}, "replay", recording, "--target", "new", "--config", config, "--out", run)
			line := curlLines(t, run, "--config", config)[0]
			if strings.Contains(line, "jq ") {
				need(t, "jq")
			}
			cmd := exec.Command("bash", "-c", `aws() { command aws --endpoint-url "`+url+`" "$@"; }; `+line)
			cmd.Env = append(os.Environ(), "TENANT=t 1", "AWS_DEFAULT_REGION=eu-west-1") // which version 1 of the tool goes by
			text, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(text), `{"label":"eggs"}`) {
				t.Fatalf("%v: %s\n%s", err, text, line)
			}
			if len(got) != 2 || got[0] != got[1] {
				t.Errorf("replay sent %q\naws sent %q\nby %s", got[:1], got[1:], line)
			}
		})
	}
}

// Before a night: are there credentials, and is anybody there?
func TestDoctorOfSageMaker(t *testing.T) {
	url := sageMaker(t, nil)
	doctor(t, nil, exitDone, "= target sagemaker://mod-{model}: "+url+" connects", "--target", "sagemaker://mod-{model}")
	doctor(t, nil, exitDone, "from EnvConfigCredentials; they don't expire", "--target", "sagemaker://mod-{model}")
	doctor(t, nil, exitFailed, `! target target "sagemaker://mod_{model}"`, "--target", "sagemaker://mod_{model}")
	t.Setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "http://127.0.0.1:1")
	doctor(t, nil, exitFailed, "does not connect", "--target", "sagemaker://mod-{model}")
	t.Setenv("AWS_REGION", "")
	doctor(t, nil, exitFailed, "no AWS region: set AWS_REGION", "--target", "sagemaker://mod-{model}")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	doctor(t, nil, exitFailed, "no AWS credentials", "--target", "sagemaker://mod-{model}?region=eu-west-1")
	dir := t.TempDir()
	r := mustParity(t, exitFailed, "replay", importBodies(t, dir, "x", "m"), "--target", "sagemaker://mod-{model}?region=eu-west-1", "--out", filepath.Join(dir, "run"))
	if !strings.Contains(r.stderr, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE") {
		t.Errorf("a replay without credentials: %s", r.stderr)
	}
}

// Without this, the target that docs/sagemaker.md shows could be one that is refused.
func TestSageMakerDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sagemaker.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	yaml, _, _ := strings.Cut(rest, "```")
	if c, err := config.Parse([]byte(yaml)); err != nil || c.Targets["serverless"].Names != "endpoints.csv" {
		t.Errorf("%+v, %v", c.Targets, err)
	}
}
