package compare

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden case is one file, testdata/<category>/<name>.txtar. A change of one
// changes what users are told about their models, so it shows in a diff. The
// first line says what a user would lose. The sections are
//
//	rules.yaml or rules.json   what parity.yaml has under compare; may be left out
//	control.*                  answers of the old system, two and two to one request; may be left out
//	reference.*, candidate.*   the pair
//	want                       what comes of it: the outcome, the decisions, a delta a line
//
// The ending of an answer gives its content type; .http is a whole answer, with
// a status line, header fields and the body; x-body-encoding: base64 is for one
// that is no text.
type goldenCase struct {
	rules     Rules
	control   []exchange.Answer
	ref, cand exchange.Answer
}

func TestGolden(t *testing.T) {
	for category, files := range goldenFiles(t) {
		t.Run(category, func(t *testing.T) {
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
			}
		})
	}
}

// The issue asks for so many cases of every kind, each of which says why it is
// there.
func TestGoldenCasesAreEnough(t *testing.T) {
	all := 0
	for category, files := range goldenFiles(t) {
		all += len(files)
		if len(files) < 10 {
			t.Errorf("%s has %d cases, want at least 10", category, len(files))
		}
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if comment := strings.TrimSuffix(string(archive.Comment), "\n"); !strings.HasSuffix(comment, ".") || strings.Contains(comment, "\n") {
				t.Errorf("%s begins with %q, want one sentence on one line", file, comment)
			}
		}
	}
	if all < 200 {
		t.Errorf("%d golden cases, want at least 200", all)
	}
}

// goldenFiles lists the cases by category.
func goldenFiles(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	byCategory := map[string][]string{}
	for _, file := range files {
		category := filepath.Base(filepath.Dir(file))
		byCategory[category] = append(byCategory[category], file)
	}
	return byCategory
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, want := readGolden(t, archive)
	got := c.judge(t)
	if !*update {
		if !bytes.Equal(got, want) {
			t.Errorf("%sgot\n%swant\n%s", archive.Comment, got, want)
		}
		return
	}
	last := len(archive.Files) - 1
	if archive.Files[last].Name != "want" {
		archive.Files = append(archive.Files, txtar.File{Name: "want"})
		last++
	}
	archive.Files[last].Data = got
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readGolden(t *testing.T, archive *txtar.Archive) (c goldenCase, want []byte) {
	t.Helper()
	for _, f := range archive.Files {
		var err error
		switch name, ending, _ := strings.Cut(f.Name, "."); name {
		case "rules": // JSON is YAML
			err = yaml.UnmarshalWithOptions(f.Data, &c.rules, yaml.Strict())
		case "control":
			c.control = append(c.control, exchange.Answer{})
			c.control[len(c.control)-1], err = goldenAnswer(ending, f.Data)
		case "reference":
			c.ref, err = goldenAnswer(ending, f.Data)
		case "candidate":
			c.cand, err = goldenAnswer(ending, f.Data)
		case "want":
			want = f.Data
		default:
			t.Fatalf("what is %s?", f.Name)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	if len(c.control)%2 != 0 {
		t.Fatal("an answer of the control has no other to be compared with")
	}
	return c, want
}

func goldenAnswer(ending string, body []byte) (exchange.Answer, error) {
	if ending == "http" {
		return httpAnswer(body)
	}
	contentType, ok := map[string]string{
		"json": "application/json", "jsonl": "application/jsonl", "csv": "text/csv", "txt": "text/plain", "html": "text/html; charset=utf-8", "untyped": "",
	}[ending]
	if !ok {
		return exchange.Answer{}, fmt.Errorf("no content type for .%s", ending)
	}
	return exchange.Answer{Status: 200, ContentType: contentType, Body: bytes.TrimSuffix(body, []byte("\n"))}, nil
}

func httpAnswer(text []byte) (a exchange.Answer, err error) {
	r := bufio.NewReader(bytes.NewReader(text))
	line, err := r.ReadString('\n')
	if err != nil {
		return a, err
	}
	if a.Status, err = strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(line, "HTTP")), 10, 64); err != nil {
		return a, err
	}
	fields, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return a, err
	}
	header := http.Header(fields)
	encoding := header.Get("X-Body-Encoding")
	header.Del("X-Body-Encoding")
	a.ContentType, a.Headers = header.Get("Content-Type"), exchange.EncodeHeaders(header)
	body, err := io.ReadAll(r)
	if err != nil {
		return a, err
	}
	switch body = bytes.TrimSuffix(body, []byte("\n")); encoding {
	case "":
		a.Body = body
	case "base64":
		a.Body, err = base64.StdEncoding.DecodeString(string(body))
	default:
		err = fmt.Errorf("body encoding %q is not base64", encoding)
	}
	return a, err
}

// noise is what the control shows.
func (c *goldenCase) noise(t *testing.T) *Profile {
	t.Helper()
	var control []exchange.Exchange
	for i := 0; i < len(c.control); i += 2 {
		e := jsonPair(i, "m", "", "")
		e.Reference, e.Candidate.Answer = c.control[i], c.control[i+1]
		control = append(control, e)
	}
	return judgeRows(t, c.rules, control, nil).Profile()
}

// judge does to the pair what a split does, after the control was judged.
func (c *goldenCase) judge(t *testing.T) []byte {
	t.Helper()
	judge, err := NewJudge(c.rules, Options{Noise: c.noise(t)})
	if err != nil {
		t.Fatal(err)
	}
	s := split{judge: judge, tally: NewTally(), models: map[string]*model{}, seen: map[string]*sighting{}}
	m := s.model("m")
	e := jsonPair(0, "m", "", "")
	e.Reference, e.Candidate.Answer = c.ref, c.cand
	d, err := m.comparer.decide(&e, true)
	if err != nil {
		t.Fatal(err)
	}
	if d.outcome == Mismatch {
		d.outcome = s.findings(m, &e)
	}
	first := describeGolden(t, d, m.comparer.flips, s.deltas)
	// The second time the judge has seen the like: that must not change a thing.
	if d, err = m.comparer.decide(&e, true); err != nil {
		t.Fatal(err)
	}
	if s.deltas = s.deltas[:0]; d.outcome == Mismatch {
		d.outcome = s.findings(m, &e)
	}
	if again := describeGolden(t, d, m.comparer.flips, s.deltas); !bytes.Equal(first, again) {
		t.Errorf("judged once more:\n%s", again)
	}
	return first
}

func describeGolden(t *testing.T, d decided, flips []flip, deltas []finding) []byte {
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
	for _, f := range flips {
		fmt.Fprintf(&b, "decides %s → %s\n", f.from, f.to)
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, f := range deltas {
		if err := enc.Encode(f.Delta); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}
