package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// versionedRecording has two versions of model a, the new one from the second minute
// on, one of b, and one exchange of c of which no version is known.
func versionedRecording(t *testing.T) string {
	t.Helper()
	var lines strings.Builder
	for i, x := range []struct{ model, version string }{{"a", "v9"}, {"a", "v9"}, {"a", "v10"}, {"b", "1\u202e\x1b[31m"}, {"c", ""}} {
		version, err := json.Marshal(x.version)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:0%d:00Z","model":%q,"model_version":%s,"request":{"path":"/","body":"{}"},"response":{"status":200,"body":"{}"}}`+"\n", i, i, x.model, version)
	}
	file, recording := filepath.Join(t.TempDir(), "in.jsonl"), filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording)
	return recording
}

// Without this, two versions of a reference could lie in one recording unseen, and a
// candidate be held against both.
func TestLsShowsVersions(t *testing.T) {
	recording := versionedRecording(t)
	out := mustParity(t, exitDone, "ls", recording).stdout
	said(t, out, "MODEL VERSION EXCHANGES FIRST LAST a v9 2 2026-11-22 20:00:00 2026-11-22 20:01:00 a v10 1 2026-11-22 20:02:00",
		"c (unknown) 1", "several versions: a 2; a report judges against each")
	if strings.Contains(out, "\x1b") || strings.Contains(out, "\u202e") {
		t.Errorf("a version steers the terminal: %q", out)
	}
	if plain := mustParity(t, exitDone, "ls", makeRecording(t, 10, 10)).stdout; strings.Contains(plain, "VERSION") || strings.Contains(plain, "several") {
		t.Errorf("of a recording that knows of no versions it says\n%s", plain)
	}

	var v recordingView
	if err := json.Unmarshal([]byte(mustParity(t, exitDone, "ls", recording, "--json").stdout), &v); err != nil {
		t.Fatal(err)
	}
	if v.Exchanges != 5 || v.Recording != recording || len(v.Models) != 3 || len(v.Ledgers) != 1 || v.Ledgers[0].Ledger.Recorded != 5 {
		t.Errorf("%+v", v)
	}
	a := v.Models[0]
	if a.Model != "a" || a.Exchanges != 3 || len(a.Versions) != 2 || a.Versions[0].Version != "v9" || a.Versions[0].Exchanges != 2 ||
		a.Versions[1].Version != "v10" || a.Versions[1].First.Minute() != 2 {
		t.Errorf("%+v", a)
	}
	if r := mustParity(t, exitFailed, "ls", recording, "--json", "--runs"); !strings.Contains(r.stderr, "leave --runs out") {
		t.Errorf("with --runs it says %s", r.stderr)
	}
}
