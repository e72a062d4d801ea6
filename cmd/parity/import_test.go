package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

const (
	dataCapture = `{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"1,2","encoding":"CSV"},` +
		`"endpointOutput":{"observedContentType":"text/csv","mode":"OUTPUT","data":"0.5","encoding":"CSV"}},` +
		`"eventMetadata":{"eventId":"e1","inferenceTime":"2026-11-22T20:59:59Z"},"eventVersion":"0"}` + "\nnonsense \x1b[31m\n"
	harSession = `{"log":{"entries":[{"startedDateTime":"2026-11-22T20:00:00Z","request":{"method":"GET","url":"http://old/models/spam"},"response":{"status":200,"content":{"text":"ok"}}},` +
		`{"startedDateTime":"2026-11-22T20:00:01Z","request":{"method":"GET","url":"http://old/health"},"response":{"status":0}}]}}`
	goreplayFile = "1 a 1763845200000000000 0\nGET /models/spam HTTP/1.1\r\n\r\n\n🐵🙈🙉\n2 a 1763845200000000000 0\nHTTP/1.1 200 OK\r\n\r\nok\n🐵🙈🙉\n"
)

// Without this, a recording could not be made of what is on S3, or importing it
// again would double it.
func TestImportFormats(t *testing.T) {
	eachStore(t, func(t *testing.T, location string) {
		put := func(key, text string) string {
			b, err := store.Open(t.Context(), location)
			if err != nil {
				t.Fatal(err)
			}
			if err := store.PutBytes(t.Context(), b, key, []byte(text)); err != nil {
				t.Fatal(err)
			}
			return store.Join(location, key)
		}
		put("captured/spam/blue/2026/11/22/20/a.jsonl", dataCapture)
		rule := []string{"--model-from", "path:/models/{model}", "--version-from", "const:v1"}
		tests := []struct {
			format, source string
			flags          []string
			says           []string
			models         string
		}{
			{"sagemaker", store.Join(location, "captured"), nil, []string{
				"import: line 2 of spam/blue/2026/11/22/20/a.jsonl is dropped (unreadable): ",
				"import: 2 events = 1 exchange + 1 dropped (unreadable 1)",
			}, "spam"},
			{"har", put("session.har", harSession), rule, []string{
				"import: 2 entries = 2 exchanges + 0 dropped; ", "1 of them without an answer", "1 of them without a model: recorded as _unknown",
			}, "_unknown"},
			{"goreplay", put("x.gor", goreplayFile), rule, []string{"import: 1 request = 1 exchange + 0 dropped; 1 new object"}, "spam"},
		}
		for _, tt := range tests {
			recording := store.Join(location, "recording", tt.format)
			args := append([]string{"import", tt.format, tt.source, "--out", recording}, tt.flags...)
			first, again := mustParity(t, exitDone, args...), mustParity(t, exitDone, args...)
			for _, text := range tt.says {
				if !strings.Contains(first.stderr, text) {
					t.Errorf("%s: %s, want %q", tt.format, first.stderr, text)
				}
			}
			if strings.Contains(first.stderr, "\x1b") || !strings.Contains(again.stderr, "; 0 new objects") {
				t.Errorf("%s: %q, then %q", tt.format, first.stderr, again.stderr)
			}
			if r := mustParity(t, exitDone, "ls", recording); !strings.Contains(r.stdout, tt.models) {
				t.Errorf("%s: %s", tt.format, r.stdout)
			}
			mustParity(t, exitDone, "fsck", recording)
		}
	})
}

// Without this, a wrong rule would leave a whole import without models, or a format
// that can't be streamed would say nothing of it.
func TestImportRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.har")
	if err := os.WriteFile(file, []byte(harSession), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "recording")
	for want, args := range map[string][]string{
		`--model-from: rule "nonsense"`: {"har", file, "--model-from", "nonsense"},
		`--version-from: rule "json:x"`: {"har", file, "--version-from", "json:x"},
		"it can't come from stdin":      {"kserve", "-"},
		"none of its 1 entry is":        {"har", os.Args[0]},
		"goreplay, har, jsonl, kserve":  {"pcap", file},
		"no such file":                  {"har", file + ".gone"},
	} {
		r := mustParity(t, exitFailed, append([]string{"import", "--out", out}, args...)...)
		if !strings.Contains(r.stderr, want) {
			t.Errorf("%v: %s, want %q", args, r.stderr, want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}
