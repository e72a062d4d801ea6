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
