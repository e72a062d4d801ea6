package compare

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// One file a case: rules.json (may be left out), reference.* and candidate.*,
// whose ending gives the content type, and what comes of it in want: the
// outcome, then a delta a line. A change here changes what users are told about
// their models, so it shows in a diff.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rules Rules
	var ref, cand exchange.Answer
	var want []byte
	for _, f := range archive.Files {
		switch name, ending, _ := strings.Cut(f.Name, "."); name {
		case "rules":
			if err := json.Unmarshal(f.Data, &rules); err != nil {
				t.Fatal(err)
			}
		case "reference":
			ref = goldenAnswer(t, ending, f.Data)
		case "candidate":
			cand = goldenAnswer(t, ending, f.Data)
		case "want":
			want = f.Data
		default:
			t.Fatalf("what is %s?", f.Name)
		}
	}
	d, deltas := compareAnswers(t, rules, &ref, &cand)
	got := describeGolden(t, d, deltas)
	if *update {
		last := len(archive.Files) - 1
		if archive.Files[last].Name != "want" {
			archive.Files = append(archive.Files, txtar.File{Name: "want"})
			last++
		}
		archive.Files[last].Data = got
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func goldenAnswer(t *testing.T, ending string, body []byte) exchange.Answer {
	t.Helper()
	contentType, ok := map[string]string{
		"json": "application/json", "csv": "text/csv", "txt": "text/plain", "html": "text/html; charset=utf-8", "untyped": "",
	}[ending]
	if !ok {
		t.Fatalf("no content type for .%s", ending)
	}
	return exchange.Answer{Status: 200, ContentType: contentType, Body: bytes.TrimSuffix(body, []byte("\n"))}
}

func describeGolden(t *testing.T, d decision, deltas []Delta) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(string(d.outcome))
	if d.reason != "" {
		b.WriteString(" " + d.reason)
	}
	if d.reformatted {
		b.WriteString(" reformatted")
	}
	b.WriteString("\n")
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, delta := range deltas {
		if err := enc.Encode(delta); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}
