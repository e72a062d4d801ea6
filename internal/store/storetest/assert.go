package storetest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

func put(t testing.TB, b store.Bucket, key, text string) {
	t.Helper()
	if err := store.PutBytes(t.Context(), b, key, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, b store.Bucket, prefix string) (objects []store.Object) {
	t.Helper()
	for o, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return objects
}

func wantObject(t testing.TB, b store.Bucket, key string, want []byte) {
	t.Helper()
	data, size, err := b.Get(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) || size != int64(len(want)) {
		t.Errorf("%s: got %d of %d bytes, not the %d that were put", key, len(data), size, len(want))
	}
}

// wantNone asserts that key is not there, however it is asked for.
func wantNone(t testing.TB, b store.Bucket, key string) {
	t.Helper()
	for _, c := range [][2]int64{{0, -1}, {0, 0}, {0, 5}, {-5, -1}} {
		if data, _, err := b.Get(t.Context(), key, c[0], c[1]); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get(%q, %d, %d) = %d bytes, error %v; want ErrNotFound", key, c[0], c[1], len(data), err)
		}
	}
	for _, o := range list(t, b, key) {
		if o.Key == key {
			t.Errorf("%s is listed", key)
		}
	}
}

// file is a temporary file with data.
func file(t testing.TB, data []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	return f
}

// pattern is n bytes that repeat in no short period.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8)*31 ^ byte(i>>16)*17
	}
	return b
}
