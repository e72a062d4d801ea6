package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// v2Server speaks the Open Inference Protocol over REST, as its specification has
// it, for models that take one text and give it a label. label says which.
func v2Server(t *testing.T, label func(model, text string) string) *echo {
	type tensor struct {
		Name     string   `json:"name"`
		Shape    []int    `json:"shape"`
		Datatype string   `json:"datatype"`
		Data     []string `json:"data"`
	}
	return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		model, isInfer := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v2/models/"), "/infer")
		var in struct {
			ID     string   `json:"id"`
			Inputs []tensor `json:"inputs"`
		}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&in)
		if r.Method != "POST" || !isInfer || r.Header.Get("Content-Type") != "application/json" || err != nil || len(in.Inputs) != 1 ||
			len(in.Inputs[0].Shape) != 1 || in.Inputs[0].Shape[0] != len(in.Inputs[0].Data) || in.Inputs[0].Datatype != "BYTES" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"%s %s is no inference request"}`, r.Method, r.URL.Path)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{
			"model_name": model, "id": in.ID,
			"outputs": []tensor{{"label", []int{1}, "BYTES", []string{label(model, in.Inputs[0].Data[0])}}},
		})
	})
}

// labelled imports n requests {"text": …} with the old system's labels.
func labelled(t *testing.T, n int) string {
	t.Helper()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"m%d","request":{"path":"/m/classify","headers":{"content-type":"application/json"},"body":"{\"text\":\"text %d\"}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"label\":\"%s\"}"},"latency_us":1000}`+"\n",
			i, i, i%3, i, oldLabel("", fmt.Sprintf("text %d", i)))
	}
	dir := t.TempDir()
	file, recording := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording, "--split-rows", "10")
	return recording
}

func oldLabel(_, text string) string { return []string{"ham", "spam"}[len(text)%2] }

// v2Config is the example with the server in place of its URL.
func v2Config(t *testing.T, server *echo) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "open-inference-protocol.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return writeConfig(t, strings.Replace(string(text), "https://v2.example", server.URL, 1))
}

// Without this, the example that people copy could be one that no endpoint of the
// protocol understands, and a move to it could not be shown to be right, or wrong.
func TestOpenInferenceProtocol(t *testing.T) {
	recording := labelled(t, 60)
	for name, c := range map[string]struct {
		label      func(model, text string) string
		mismatches int64
	}{
		"right": {oldLabel, 0},
		"wrong": {func(model, text string) string {
			if model == "m1" && strings.HasSuffix(text, "7") {
				return "other"
			}
			return oldLabel(model, text)
		}, 2}, // 7 and 37
	} {
		t.Run(name, func(t *testing.T) {
			server := v2Server(t, c.label)
			config, run := v2Config(t, server), filepath.Join(t.TempDir(), "run")
			mustParity(t, exitDone, "replay", recording, "--target", "v2", "--out", run, "--config", config)
			mustParity(t, exitDone, "compare", run, "--config", config)
			if s := readSummary(t, run); s.Ledger.Mismatch != c.mismatches || s.Ledger.Match != 60-c.mismatches || !s.Ledger.Balanced {
				t.Errorf("ledger %+v", s.Ledger)
			}
		})
	}
}

// A move from Triton to MLServer: both speak the protocol, and name tensors, order
// outputs and nest data in their own way. Without this, a mapping of real requests
// could not be shown to work, or a wrong score be named by a place that has no name.
func TestOpenInferenceProtocolTensors(t *testing.T) {
	const request = `{"id":"42","inputs":[{"name":"INPUT__0","shape":[2,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2,6.2,2.9,4.3,1.3]}],"outputs":[{"name":"scores"},{"name":"label"}]}`
	const recorded = `{"model_name":"iris","model_version":"1","id":"42","outputs":[{"name":"scores","datatype":"FP32","shape":[2,3],"data":[0.97,0.02,0.01,0.01,0.95,0.04]},{"name":"label","datatype":"INT64","shape":[2],"data":[0,1]}]}`
	const answer = `{"model_name":"iris","model_version":"v2","id":"42","parameters":{},"outputs":[` +
		`{"name":"output-1","shape":[2,1],"datatype":"INT64","parameters":{"content_type":"np"},"data":[[0],[1]]},` +
		`{"name":"output-0","shape":[2,3],"datatype":"FP32","data":[[0.97000002,0.02,0.01],[0.01,%s,0.04]]}]}`
	config := `
targets:
  mlserver:
    url: "%s/v2/models/{model}/infer"
    request: '.inputs[0].name = "input-0" | .inputs[0].data |= [.[:4], .[4:]] | del(.outputs)'
    response: '{outputs: [.outputs[] | {name: {"output-0": "scores", "output-1": "label"}[.name], shape: (if .name == "output-1" then [.shape[0]] else .shape end), datatype, data}]}'
compare: { rules: [ { path: "$.id", ignore: true }, { path: "$.model_name", ignore: true }, { path: "$.model_version", ignore: true } ] }
`
	for second, found := range map[string]string{"0.9500001": "no mismatches", "0.93": "$.outputs.scores.data[*] number"} {
		t.Run(second, func(t *testing.T) {
			var asked string
			server := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path + " " + readBody(r)
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, answer, second)
			})
			dir := t.TempDir()
			file, recording, run := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording"), filepath.Join(dir, "run")
			line := fmt.Sprintf(`{"id":"r1","time":"2026-11-22T20:00:00Z","model":"iris","request":{"path":"/v2/models/iris/infer","headers":{"content-type":"application/json"},"body":%q},"response":{"status":200,"headers":{"content-type":"application/json"},"body":%q}}`, request, recorded)
			if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
				t.Fatal(err)
			}
			with := writeConfig(t, fmt.Sprintf(config, server.URL))
			mustParity(t, exitDone, "import", "jsonl", file, "--out", recording)
			mustParity(t, exitDone, "replay", recording, "--target", "mlserver", "--out", run, "--config", with)
			if want := `/v2/models/iris/infer {"id":"42","inputs":[{"data":[[5.1,3.5,1.4,0.2],[6.2,2.9,4.3,1.3]],"datatype":"FP32","name":"input-0","shape":[2,4]}]}`; asked != want {
				t.Errorf("it was asked\n%s, want\n%s", asked, want)
			}
			mustParity(t, exitDone, "compare", run, "--config", with)
			if out := mustParity(t, exitDone, "show", run, "--config", with).stdout; !strings.Contains(out, found) {
				t.Errorf("no %q in\n%s", found, out)
			}
		})
	}
}
