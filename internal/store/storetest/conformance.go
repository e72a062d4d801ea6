package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/store"
)

// Conformance is the suite that every backend must pass. open returns an empty
// bucket at a new location, and the folder in which its objects lie as files.
// The caller's TestMain must call RunRacer.
func Conformance(t *testing.T, open func(t *testing.T) (b store.Bucket, folder string)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, b store.Bucket)
	}{
		{"put", testPut},
		{"put if absent", testPutIfAbsent},
		{"put cancelled", testPutCancelled},
		{"ranges", testRanges},
		{"empty object", testEmpty},
		{"not found", testNotFound},
		{"delete", testDelete},
		{"list", testList},
		{"list ends early", testListBreak},
		{"location below another", testNested},
		{"keys", testKeys},
		{"keys refused", testKeysRefused},
		{"race of processes", func(t *testing.T, b store.Bucket) { Race(t, b) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := open(t)
			c.test(t, b)
		})
	}
	t.Run("10,000 keys", func(t *testing.T) {
		b, folder := open(t)
		testPaging(t, b, folder)
	})
}

// Lost: recordings. An object must be the file, whatever its size and wherever
// its writer had left the file's offset.
func testPut(t *testing.T, b store.Bucket) {
	for _, size := range []int{1, 4096, 3<<20 + 7} {
		want := pattern(size)
		f := file(t, want)
		if _, err := f.Seek(0, 2); err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprintf("a/b/%d", size)
		before := time.Now().Add(-time.Minute)
		if err := b.Put(t.Context(), key, f); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, key, want)
		objects := list(t, b, key)
		if len(objects) != 1 || objects[0].Size != int64(size) || objects[0].Modified.Before(before) {
			t.Errorf("listed %+v, want %s of %d bytes, modified now", objects, key, size)
		}
	}
}

// Lost: what another worker has committed.
func testPutIfAbsent(t *testing.T, b store.Bucket) {
	put(t, b, "a", "first")
	for _, second := range []string{"second", "first", ""} {
		if err := store.PutBytes(t.Context(), b, "a", []byte(second)); !errors.Is(err, store.ErrExists) {
			t.Errorf("second put: error %v, want ErrExists", err)
		}
	}
	wantObject(t, b, "a", []byte("first"))
}

// Lost: the promise that an interrupted command leaves nothing half-written.
func testPutCancelled(t *testing.T, b store.Bucket) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.PutBytes(ctx, b, "a", []byte("text")); !errors.Is(err, context.Canceled) {
		t.Errorf("put: error %v, want context.Canceled", err)
	}
	wantNone(t, b, "a")
	put(t, b, "a", "text") // the bucket is as good as before
}

// Lost: every Parquet footer and chunk, which are read by range.
func testRanges(t *testing.T, b store.Bucket) {
	put(t, b, "digits", "0123456789")
	for _, c := range []struct {
		off, n int64
		want   string
	}{
		{0, -1, "0123456789"},
		{0, 10, "0123456789"},
		{0, 11, "0123456789"},
		{0, 1, "0"},
		{3, 4, "3456"},
		{3, -1, "3456789"},
		{9, 1, "9"},
		{8, 5, "89"},
		{0, 0, ""},
		{5, 0, ""},
		{10, 1, ""},
		{10, -1, ""},
		{99, 5, ""},
		{-1, 0, "9"},
		{-3, 1, "789"},
		{-10, -1, "0123456789"},
		{-11, -1, "0123456789"},
	} {
		data, size, err := b.Get(t.Context(), "digits", c.off, c.n)
		if err != nil || string(data) != c.want || size != 10 {
			t.Errorf("Get(%d, %d) = %q of %d, %v; want %q of 10", c.off, c.n, data, size, err, c.want)
		}
	}
}

// Lost: the difference between an empty object and a missing one.
func testEmpty(t *testing.T, b store.Bucket) {
	put(t, b, "empty", "")
	for _, c := range [][2]int64{{0, -1}, {0, 0}, {0, 5}, {3, 5}, {3, -1}, {-5, -1}} {
		data, size, err := b.Get(t.Context(), "empty", c[0], c[1])
		if err != nil || len(data) != 0 || size != 0 {
			t.Errorf("Get(%d, %d) = %q of %d, %v; want nothing of 0", c[0], c[1], data, size, err)
		}
	}
	if objects := list(t, b, ""); len(objects) != 1 || objects[0].Size != 0 {
		t.Errorf("listed %+v, want one empty object", objects)
	}
}

// Lost: resuming, which takes a missing object for work to be done, and nothing
// else for it.
func testNotFound(t *testing.T, b store.Bucket) {
	wantNone(t, b, "a")
	put(t, b, "a/b", "text")
	wantNone(t, b, "a")
	wantNone(t, b, "a/c")
	wantNone(t, b, "a/b/c")
}

// Lost: erasing what must be erased, and only that.
func testDelete(t *testing.T, b store.Bucket) {
	for _, key := range []string{"a/b", "a/bc"} {
		if err := b.Delete(t.Context(), key); err != nil {
			t.Errorf("delete what isn't there: %v", err)
		}
		put(t, b, key, "text")
	}
	for _, key := range []string{"a/b", "a/b", "a", "a/bc/d"} {
		if err := b.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	wantNone(t, b, "a/b")
	wantObject(t, b, "a/bc", []byte("text"))
	put(t, b, "a/b", "again")
}
