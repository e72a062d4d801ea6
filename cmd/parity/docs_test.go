package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/config"
)

var parityLine = regexp.MustCompile(`(?m)(?:^|\s|\x60)parity ((?:demo|capture|import|replay|compare|report|gate|run|show|accept|ls|cat|fsck)\b[^\x60\n]*(?:\\\n[^\x60\n]*)*)`)

// Without this, README and the helps could show commands and flags that are
// not there.
func TestExamplesAreCommands(t *testing.T) {
	root := (&app{}).rootCommand()
	texts := map[string]string{"root": root.Example}
	for _, cmd := range root.Commands() {
		texts[cmd.Name()] = cmd.Example + "\n" + cmd.Long
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "FORMAT.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	found := 0
	for where, text := range texts {
		for _, m := range parityLine.FindAllStringSubmatch(text, -1) {
			words := strings.Fields(m[1])
			cmd, _, err := root.Find(words[:1])
			if err != nil {
				t.Errorf("%s: parity %s: %v", where, m[1], err)
				continue
			}
			found++
			for _, word := range words {
				if word == "|" || word == "#" {
					break // what follows is another command's, or a remark
				}
				name, isFlag := strings.CutPrefix(word, "--")
				name, _, _ = strings.Cut(name, "=")
				name = strings.TrimRight(name, ".,;)")
				if isFlag && name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
					t.Errorf("%s: parity %s: there is no flag --%s", where, m[1], name)
				}
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d examples were found", found)
	}
}

// Without this, every help could end in something else than examples.
func TestEveryHelpEndsInExamples(t *testing.T) {
	for _, cmd := range (&app{}).rootCommand().Commands() {
		if cmd.Name() == "completion" || cmd.Name() == "help" {
			continue
		}
		r := mustParity(t, exitDone, cmd.Name(), "--help")
		if cmd.Example == "" || !strings.HasSuffix(strings.TrimSpace(r.stdout), strings.TrimSpace(cmd.Example)) || !strings.Contains(r.stdout, "Exit status:") {
			t.Errorf("parity %s --help ends in\n%s", cmd.Name(), r.stdout[max(0, len(r.stdout)-200):])
		}
	}
}

// Without this, the config in README could be one that is refused.
func TestReadmeConfig(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	yaml, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no yaml")
	}
	c, err := config.Parse([]byte(yaml))
	if err != nil || len(c.Targets) != 1 || len(c.Compare.Paths) != 2 || len(c.Capture.Model) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

// Without this, importing the line that README shows could fail.
func TestReadmeImport(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```json\n")
	line, _, _ := strings.Cut(rest, "```")
	file := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(line, "\n", " ")), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", filepath.Join(t.TempDir(), "recording"))
}
