package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Without this, a file that a desktop or a colleague put beside a recording would be
// taken for damage, and a check at night wake somebody for it.
func TestFsckKnowsForeignFiles(t *testing.T) {
	recording, run := brokenRun(t)
	for _, dir := range []string{recording, run} {
		for name, text := range map[string]string{".DS_Store": "\x00", "README.md": "ours\x1b[31m", "notes.json": "{}", "a\x1b[31m.txt": ""} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out := mustParity(t, exitDone, "fsck", dir).stdout
		said(t, out, "foreign: .DS_Store is none", "foreign: README.md is none", "foreign: notes.json is none", " 0 problems")
		if strings.Contains(out, "damaged") || strings.Contains(out, "\x1b") {
			t.Errorf("fsck says %q", out)
		}
	}
	mustParity(t, exitDone, "ls", recording)
	mustParity(t, exitDone, "report", run)
	if err := os.WriteFile(firstTally(t, run), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	said(t, mustParity(t, exitFailed, "fsck", run).stdout, "foreign: README.md is none", "damaged: ", "1 problem")
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := mustParity(t, exitFailed, "fsck", empty); !strings.Contains(r.stderr, "nothing of Parity's is at") {
		t.Errorf("of files of others alone fsck says %s", r.stderr)
	}
}
