package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// deployed is a folder of deploy/.
func deployed(elem ...string) string {
	return filepath.Join(append([]string{"..", "..", "deploy"}, elem...)...)
}

// tool is a program of the Makefile's, or one of the machine's.
func tool(t *testing.T, name, from string) string {
	t.Helper()
	path := filepath.Join("..", "..", ".cache", "bin", name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("PARITY_NO_SKIP") != "" {
		t.Fatalf("%s is missing: %s", name, from)
	}
	t.Skipf("%s is missing: %s", name, from)
	return ""
}

// Without this, a manifest could hold a field that does not exist, which is found
// when the sidecar is to go in front of a live service.
func TestManifestsAreStrict(t *testing.T) {
	files, err := filepath.Glob(deployed("kubernetes", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	out, err := exec.Command(tool(t, "manifests", "make test builds it"), files...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Without this, the commands in deploy/ could have flags that parity does not.
func TestDeployedCommandsParse(t *testing.T) {
	var commands [][]string
	text, err := os.ReadFile(deployed("kubernetes", "capture.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var object any
		if err := yaml.Unmarshal(doc, &object); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, argsIn(object)...)
	}
	unit, err := os.ReadFile(deployed("systemd", "parity-capture.service"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(unit)) {
		if command, ok := strings.CutPrefix(line, "ExecStart="); ok {
			commands = append(commands, strings.Fields(command)[1:])
		}
	}
	if len(commands) != 2 {
		t.Fatalf("found %d commands: %q", len(commands), commands)
	}
	for _, args := range commands {
		cmd, rest, err := (&app{}).rootCommand().Find(args)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if err := cmd.ValidateRequiredFlags(); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// argsIn finds the args of parity's containers.
func argsIn(v any) (found [][]string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, argsIn(e)...)
		}
	case map[string]any:
		if image, _ := v["image"].(string); strings.HasPrefix(image, "parity") {
			var args []string
			for _, a := range v["args"].([]any) {
				args = append(args, a.(string))
			}
			found = append(found, args)
		}
		for _, e := range v {
			found = append(found, argsIn(e)...)
		}
	}
	return found
}

// Without this, the unit could have settings that systemd does not know, which it
// says in a log and goes on without.
func TestSystemdUnit(t *testing.T) {
	analyze := tool(t, "systemd-analyze", "it is a part of systemd")
	text, err := os.ReadFile(deployed("systemd", "parity-capture.service"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unit := filepath.Join(dir, "parity-capture.service")
	if err := os.WriteFile(unit, bytes.ReplaceAll(text, []byte("/usr/local/bin/parity"), []byte(self)), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := os.ReadFile(deployed("systemd", "parity-capture.socket"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "parity-capture.socket"), socket, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// Without this, the image could be built otherwise than what is tested, or run as
// root.
func TestContainerRecipe(t *testing.T) {
	recipe, err := os.ReadFile(deployed("container", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	const build = "CGO_ENABLED=0 go build -trimpath -o "
	if !bytes.Contains(recipe, []byte(build)) || !bytes.Contains(makefile, []byte(build+"bin/parity")) {
		t.Errorf("Makefile and Dockerfile do not build alike, by %q", build)
	}
	_, image, _ := strings.Cut(string(recipe), "FROM scratch\n")
	if !strings.Contains(image, "\nUSER 65532:65532\n") || strings.Contains(image, "USER root") {
		t.Errorf("the image does not run as nobody:\n%s", image)
	}
}
