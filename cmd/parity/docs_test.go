package main

import (
	"errors"
	"os"
	"os/exec"
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
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "FORMAT.md", "docs/json.md", "docs/replay.md", "docs/import.md"} {
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

// Without this, the config in docs/replay.md could be one that is refused.
func TestReplayDocsConfig(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "replay.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	for _, block := range blocks {
		if _, err := config.Parse([]byte(block[1])); err != nil {
			t.Errorf("%s: %v", block[1], err)
		}
	}
	if len(blocks) == 0 {
		t.Error("docs/replay.md has no yaml")
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

// Without this, the scripts that people copy from docs/json.md could fail, or find
// nothing in a summary that has it.
func TestJSONDocsExamples(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	need(t, "jq")
	_, run := brokenRun(t)
	want := []string{
		`(?m)^FAIL\tmodel-0\t2 of 15 distinct requests differ: `,
		`^{"FAIL":7}$`,
		`^10 \$\.n number$`,
		`(?m)^model-6: parity show run [-0-9a-f]{36}$`,
		`^true$`,
		`^0$`,
	}
	examples := shellBlocks(string(text))
	if len(examples) != len(want) {
		t.Fatalf("%d examples, want %d", len(examples), len(want))
	}
	for i, example := range examples {
		if out, code := bash(t, filepath.Dir(run), nil, example); code != 0 || !regexp.MustCompile(want[i]).MatchString(strings.TrimSpace(out)) {
			t.Errorf("%s\nexits with %d and prints\n%s\nwant %s", example, code, out, want[i])
		}
	}
}

// shellBlocks are the ```sh blocks of a page.
func shellBlocks(text string) (blocks []string) {
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// bash runs a script as a CI system does: it ends at the first command that fails.
func bash(t *testing.T, dir string, env []string, script string) (output string, code int) {
	t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
