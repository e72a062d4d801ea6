package storetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// Lost: plans, which must come out the same on every machine, and so depend on
// the order of a listing. '-' and '.' sort before '/', and '0' after it.
func testList(t *testing.T, b store.Bucket) {
	keys := []string{"a-b", "a.b/c", "a/b", "a/b-c", "a/c/d/e", "a/c/f", "a0", "b", "é", "日本"}
	for _, i := range []int{7, 2, 9, 0, 4, 1, 8, 6, 3, 5} {
		put(t, b, keys[i], keys[i])
	}
	for prefix, want := range map[string][]string{
		"":         keys,
		"a":        keys[:7],
		"a/":       keys[2:6],
		"a/b":      {"a/b", "a/b-c"},
		"a/c":      {"a/c/d/e", "a/c/f"},
		"a/c/d/e":  {"a/c/d/e"},
		"a/c/d/ef": nil,
		"é":        {"é"},
		"x/y":      nil,
	} {
		var got []string
		for _, o := range list(t, b, prefix) {
			got = append(got, o.Key)
			if o.Size != int64(len(o.Key)) {
				t.Errorf("%s: size %d, want %d", o.Key, o.Size, len(o.Key))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
}

// Lost: looking whether there is any object at all, without a panic.
func testListBreak(t *testing.T, b store.Bucket) {
	put(t, b, "a/b", "")
	put(t, b, "c", "")
	for o, err := range b.List(t.Context(), "") {
		if err != nil || o.Key != "a/b" {
			t.Errorf("first of the list: %q, %v", o.Key, err)
		}
		break
	}
}

// Lost: listing a store of many datasets, each of which is opened as a bucket of
// its own, without what those keep for themselves.
func testNested(t *testing.T, b store.Bucket) {
	below, err := store.Open(t.Context(), store.Join(b.String(), "runs", "one"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, below, "a", "text")
	wantObject(t, b, "runs/one/a", []byte("text"))
	if objects := list(t, b, ""); len(objects) != 1 || objects[0].Key != "runs/one/a" {
		t.Errorf("listed %+v, want runs/one/a alone", objects)
	}
}

// Lost: models whose names are not plain ASCII words, of which keys are made.
func testKeys(t *testing.T, b store.Bucket) {
	keys := []string{
		"a b/c  d", "50%/100%25", "a+b", "dt=2026-11-22/hr=20/x.parquet", "naïve/日本語/🙂", "q?x=1&y=2#z",
		"quote\"'`", "<tag>&amp;", "~!@$^*()[]{}|;:,", "...", "..a/.b", " ", "-", "C:", ".tmpx/a",
	}
	for _, key := range keys {
		put(t, b, key, key)
	}
	for _, key := range keys {
		wantObject(t, b, key, []byte(key))
		if objects := list(t, b, key); len(objects) != 1 || objects[0].Key != key {
			t.Errorf("List(%q) = %+v", key, objects)
		}
		if err := b.Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	if objects := list(t, b, ""); len(objects) != 0 {
		t.Errorf("left after deleting all: %+v", objects)
	}
}

// Lost: files outside of the store, to a key out of a damaged or hostile plan.
func testKeysRefused(t *testing.T, b store.Bucket) {
	for _, key := range []string{
		"", ".", "..", "/", "/etc/passwd", "../a", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/",
		"a\x00b", "a\nb", `..\a`, `a\b`, "\xff", ".tmp/a", ".parity/probe", ".tmp", ".parity", "a/.tmp/b",
	} {
		_, _, getErr := b.Get(t.Context(), key, 0, -1)
		putErr := store.PutBytes(t.Context(), b, key, nil)
		deleteErr := b.Delete(t.Context(), key)
		for _, err := range []error{getErr, putErr, deleteErr} {
			if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
				t.Errorf("key %q: error %v, want it refused", key, err)
			}
		}
	}
	if objects := list(t, b, ""); len(objects) != 0 {
		t.Errorf("refused keys left %+v", objects)
	}
}

// Lost: all splits past the first page of a listing. The objects are written as
// files, as 10,000 puts would take most of the suite's time.
func testPaging(t *testing.T, b store.Bucket, folder string) {
	const n = 10_000
	put(t, b, "results/00000.parquet", "x")
	for i := 1; i < n; i++ {
		name := filepath.Join(folder, "results", fmt.Sprintf("%05d.parquet", i))
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i := 0
	for o, err := range b.List(t.Context(), "results/") {
		if want := fmt.Sprintf("results/%05d.parquet", i); err != nil || o.Key != want || o.Size != 1 {
			t.Fatalf("object %d is %+v, %v; want %s of 1 byte", i, o, err, want)
		}
		i++
	}
	if i != n {
		t.Errorf("listed %d objects, want %d", i, n)
	}
}
