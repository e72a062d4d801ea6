package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// The demo is what people try first. Without this it could end in an error, or
// find something else than was planted, or wait for minutes for the endpoint that
// is down on purpose, and nobody would know but who tries it.
func TestDemo(t *testing.T) {
	r := mustParity(t, exitDone, "demo", "--dir", filepath.Join(t.TempDir(), "demo"))
	_, found, _ := strings.Cut(r.stdout, "what was found:\n")
	if n := strings.Count(found, "\n=  "); n != 15 || strings.Contains(found, "\n!") {
		t.Errorf("%d of 15 models are as planted:\n%s", n, found)
	}
	if !strings.Contains(r.stderr, "planned 6000 = answered 5600 + failed 400 (endpoint_down 4") || !strings.Contains(r.stdout, "exit code would be 1") {
		t.Errorf("only the endpoint that is down must be given up:\n%s", r.stderr)
	}
}
