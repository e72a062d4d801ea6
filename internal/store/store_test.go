package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// creatorEnv names the one way to create files that racers are to use.
const creatorEnv = "PARITY_TEST_CREATOR"

func TestMain(m *testing.M) {
	storetest.RunRacer(func(ctx context.Context, location string) (store.Bucket, error) {
		if way := os.Getenv(creatorEnv); way != "" {
			return store.OpenLocal(location, store.Creators[way])
		}
		return store.Open(ctx, location)
	})
	os.Exit(m.Run())
}

func TestLocal(t *testing.T) {
	storetest.Conformance(t, func(t *testing.T) (b store.Bucket, folder string) {
		root := filepath.Join(t.TempDir(), "not yet", "there")
		return open(t, root), root
	})
}

func TestS3(t *testing.T) {
	storetest.Conformance(t, func(t *testing.T) (b store.Bucket, folder string) {
		location := storetest.S3(t)
		return open(t, location), storetest.S3Folder(location)
	})
}

// Lost: the reason why a command can't begin, in words.
func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		"":                  "is empty",
		"gs://bucket/x":     `"gs" is not supported`,
		"s3://":             "not of the form s3://bucket/prefix",
		"s3:///x":           "not of the form s3://bucket/prefix",
		"s3://bucket/a/../": "not of the form s3://bucket/prefix",
		"s3://bucket//a":    "not of the form s3://bucket/prefix",
		file:                "is a file",
	} {
		if _, err := store.Open(t.Context(), location); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): %v, want %q", location, err, want)
		}
	}
}

// Lost: every path that is made of a dataset's location, such as RUN/mismatches.
func TestJoin(t *testing.T) {
	for _, c := range [][]string{
		{"s3://bucket/run", "results/g0", "1.parquet", "s3://bucket/run/results/g0/1.parquet"},
		{"s3://bucket", "a", "s3://bucket/a"},
		{"s3://bucket/", "a", "s3://bucket/a"},
		{"s3://bucket/a/", "s3://bucket/a"},
		{"run/", "a", "b", "run/a/b"},
		{"/run", "/run"},
		{"../run", "a", "../run/a"},
		{".", "a", "a"},
	} {
		last := len(c) - 1
		if got := store.Join(c[0], c[1:last]...); got != c[last] {
			t.Errorf("Join(%q) = %q, want %q", c[:last], got, c[last])
		}
	}
}

func open(t testing.TB, location string) store.Bucket {
	t.Helper()
	b, err := store.Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != location {
		t.Errorf("opened %s, got %s", location, b)
	}
	return b
}
