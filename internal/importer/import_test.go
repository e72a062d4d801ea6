package importer

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// imported is what an import made and said.
type imported struct {
	Result
	rows    []*exchange.Exchange
	dropped []string
}

// row is the exchange whose source calls it so.
func (im imported) row(t *testing.T, sourceID string) *exchange.Exchange {
	t.Helper()
	for _, e := range im.rows {
		if e.Request.SourceID == sourceID {
			return e
		}
	}
	t.Fatalf("there is no exchange %q", sourceID)
	return nil
}

// files writes files, by name, and says where.
func files(t *testing.T, texts map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range texts {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t *testing.T, text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// importAll imports, twice: the second time must make the same of it. Every ledger balances.
func importAll(t *testing.T, format, location string, o Options) imported {
	t.Helper()
	first, again := runOnce(t, format, location, o), runOnce(t, format, location, o)
	if !slices.Equal(ids(first), ids(again)) {
		t.Errorf("%v, and when it is imported again %v", ids(first), ids(again))
	}
	return first
}

func ids(im imported) (list []exchange.ID) {
	seen := map[exchange.ID]bool{}
	for _, e := range im.rows {
		if seen[e.ID] {
			return nil
		}
		seen[e.ID] = true
		list = append(list, e.ID)
	}
	return list
}

func runOnce(t *testing.T, format, location string, o Options) (im imported) {
	t.Helper()
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	src, err := Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	o.Add = func(e *exchange.Exchange) error {
		im.rows = append(im.rows, e)
		return nil
	}
	o.Dropped = func(reason, where string, err error) {
		im.dropped = append(im.dropped, fmt.Sprintf("%s: %s: %v", reason, where, err))
	}
	if im.Result, err = f.Run(t.Context(), src, o); err != nil {
		t.Fatal(err)
	}
	if l := im.Ledger; !l.Balanced() || l.Recorded != int64(len(im.rows)) {
		t.Errorf("%v, and there are %d exchanges", l, len(im.rows))
	}
	return im
}

// wantDrops holds what was said of what was dropped against parts of it.
func (im imported) wantDrops(t *testing.T, parts ...string) {
	t.Helper()
	if len(im.dropped) != len(parts) {
		t.Errorf("%d are dropped, want %d: %q", len(im.dropped), len(parts), im.dropped)
		return
	}
	for i, part := range parts {
		if !strings.Contains(im.dropped[i], part) {
			t.Errorf("dropped: %q, want %q in it", im.dropped[i], part)
		}
	}
}

// If this fails exchanges of a folder are lost, doubled, or named alike.
func TestFolderOfLines(t *testing.T) {
	line := `{"id":"%s","time":"2026-11-22T20:00:00Z","model":"m","request":{"path":"/a"},"response":{"status":200}}` + "\n"
	dir := files(t, map[string]string{
		"a.jsonl":           fmt.Sprintf(line, "a") + "nonsense\n\n" + fmt.Sprintf(line, "b"),
		"sub/b.jsonl.gz":    zipped(t, fmt.Sprintf(line, "c")),
		"sub/torn.jsonl.gz": zipped(t, fmt.Sprintf(line, "d"))[:40],
		"README.md":         "not one of them",
	})
	im := importAll(t, "jsonl", dir, Options{})
	if len(im.rows) != 3 || im.row(t, "c").Model != "m" {
		t.Errorf("%d exchanges", len(im.rows))
	}
	im.wantDrops(t, "unreadable: line 2 of a.jsonl", "unreadable: line 1 of sub/torn.jsonl.gz")
	if im := importAll(t, "jsonl", filepath.Join(dir, "sub", "b.jsonl.gz"), Options{}); len(im.rows) != 1 {
		t.Errorf("of one file, %d exchanges", len(im.rows))
	}
}

// If this fails a link to a file, or what a shell makes of <(zcat …), can't be imported.
func TestLinksAndPipes(t *testing.T) {
	line := `{"id":"a","time":"2026-11-22T20:00:00Z","model":"m","request":{"path":"/a"},"response":{"status":200}}`
	dir := files(t, map[string]string{"a.jsonl": line})
	if err := os.Symlink(filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if im := importAll(t, "jsonl", filepath.Join(dir, "link"), Options{}); len(im.rows) != 1 {
		t.Errorf("of the link, %d exchanges", len(im.rows))
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(line); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if im := runOnce(t, "jsonl", fmt.Sprintf("/dev/fd/%d", r.Fd()), Options{}); len(im.rows) != 1 {
		t.Errorf("of the pipe, %d exchanges", len(im.rows))
	}
}

// If this fails an import of a folder of something else says that it is done.
func TestFolderOfNothing(t *testing.T) {
	src, err := Open(t.Context(), files(t, map[string]string{"x.txt": ""}))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := Find("jsonl")
	if _, err := f.Run(t.Context(), src, Options{}); err == nil || !strings.Contains(err.Error(), "ends in .jsonl") {
		t.Error(err)
	}
}

// counter counts what is read of it.
type counter struct {
	r    io.Reader
	read int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += n
	return n, err
}

// streams holds that an import of n records never reads far ahead of the one that
// it is at, and keeps none.
func streams(t *testing.T, format, before, record, between, after string, n int) {
	t.Helper()
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	parts := []io.Reader{strings.NewReader(before)}
	for i := range n {
		if i > 0 {
			parts = append(parts, strings.NewReader(between))
		}
		parts = append(parts, strings.NewReader(record))
	}
	in := &counter{r: io.MultiReader(append(parts, strings.NewReader(after))...)}
	seen, ahead := 0, 0
	add := func(*exchange.Exchange) error {
		seen++
		ahead = max(ahead, in.read-seen*len(record))
		return nil
	}
	if _, err := f.Run(t.Context(), Stream("stdin", in), Options{Add: add}); err != nil {
		t.Fatal(err)
	}
	if seen != n || in.read < 20<<20 || ahead > 5<<20 {
		t.Errorf("%d of %d, %d bytes in all, at most %d ahead", seen, n, in.read, ahead)
	}
}
