package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// pipeline is what a CI system runs of an example, step by step, and what keeps.
type pipeline struct {
	install, gate, comment string // scripts
	variables              []string
	artifacts              []string
}

func readYAML(t *testing.T, into any, path ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "examples"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func githubPipeline(t *testing.T) (p pipeline) {
	var workflow struct {
		Env  map[string]string
		Jobs map[string]struct {
			Steps []struct {
				Name, Uses, If, Run string
				Env                 map[string]string
			}
		}
	}
	readYAML(t, &workflow, "github-actions", "parity.yml")
	scripts := map[string]*string{"Install": &p.install, "Gate": &p.gate, "Comment": &p.comment}
	for name := range workflow.Env {
		p.variables = append(p.variables, name)
	}
	for _, step := range workflow.Jobs["parity"].Steps {
		for name := range step.Env {
			p.variables = append(p.variables, name)
		}
		switch script := scripts[step.Name]; {
		case strings.Contains(step.Run, "${{"):
			t.Errorf("step %s puts an expression into its script, which whoever opens a pull request could write", step.Name)
		case step.Run == "":
		case script == nil:
			t.Errorf("step %q is not tested", step.Name)
		default:
			*script = step.Run
		}
		if step.Name != "Install" && step.Name != "Gate" && step.Run != "" && !strings.Contains(step.If, "!cancelled()") {
			t.Errorf("step %s is not done where the gate fails", step.Name)
		}
	}
	return p
}

func gitlabPipeline(t *testing.T) (p pipeline) {
	var file map[string]struct {
		Variables    map[string]string
		BeforeScript []string `yaml:"before_script"`
		Script       []string
		AfterScript  []string `yaml:"after_script"`
		Artifacts    struct {
			When    string
			Paths   []string
			Reports struct{ JUnit string }
		}
	}
	readYAML(t, &file, "gitlab", ".gitlab-ci.yml")
	job := file["parity"]
	p.install, p.gate, p.comment = strings.Join(job.BeforeScript, "\n"), strings.Join(job.Script, "\n"), strings.Join(job.AfterScript, "\n")
	for name := range job.Variables {
		p.variables = append(p.variables, name)
	}
	if p.artifacts = append(job.Artifacts.Paths, job.Artifacts.Reports.JUnit); job.Artifacts.When != "always" {
		t.Error("what a job writes is not kept where it fails")
	}
	return p
}

// Without this, the pipelines that people copy could be green whatever the gate
// says, or lack what they are for.
func TestPipelines(t *testing.T) {
	for name, read := range map[string]func(*testing.T) pipeline{"GitHub": githubPipeline, "GitLab": gitlabPipeline} {
		t.Run(name, func(t *testing.T) {
			p := read(t)
			for _, script := range []string{p.install, p.gate, p.comment} {
				if script == "" {
					t.Fatalf("a script is missing: %+v", p)
				}
			}
			recording := makeRecording(t, 4900, 500)
			same, broken := newEcho(t, answerBack(0)), newEcho(t, answerBack(10))
			for _, c := range []struct {
				name, target, model, recording string
				code                           int
			}{
				{"parity", same.URL, "*", recording, exitDone},
				{"broken", broken.URL, "*", recording, exitNotShown},
				{"too few", same.URL, "*", makeRecording(t, 70, 10), exitInconclusive},
				{"one model", broken.URL, "model-1", makeRecording(t, 7000, 1000), exitNotShown},
				{"no recording", same.URL, "*", filepath.Join(t.TempDir(), "nowhere"), exitFailed},
			} {
				t.Run(c.name, func(t *testing.T) {
					runPipeline(t, p, map[string]string{"MODEL": c.model, "RECORDING": c.recording, "TARGET": c.target}, c.code)
				})
			}
		})
	}
}

// runPipeline runs the scripts as they stand, with local places in the variables
// and stand-ins for the tools that are not ours.
func runPipeline(t *testing.T, p pipeline, variables map[string]string, code int) {
	t.Helper()
	dir, tools := t.TempDir(), t.TempDir()
	config, err := os.ReadFile(filepath.Join("..", "..", "examples", "parity.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		filepath.Join(dir, "parity.yaml"): string(config),
		filepath.Join(tools, "go"):        "#!/bin/sh\n[ \"$*\" = 'install github.com/modelparity/parity/cmd/parity@latest' ]\n",
		filepath.Join(tools, "gh"):        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'pr comment 17 --body-file' ] && cp \"$5\" comment\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	api := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/projects/5/merge_requests/17/notes" || r.Header.Get("Private-Token") != "secret" {
			http.NotFound(w, r)
			return
		}
		if err := os.WriteFile(filepath.Join(dir, "comment"), []byte(r.FormValue("body")), 0o600); err != nil {
			t.Error(err)
		}
	})
	env := []string{
		"PATH=" + tools + ":" + os.Getenv("PATH"), "RUN=" + filepath.Join(dir, "run"), "GH_TOKEN=secret", "PULL_REQUEST=17",
		"PARITY_COMMENT_TOKEN=secret", "CI_MERGE_REQUEST_IID=17", "CI_PROJECT_ID=5", "CI_API_V4_URL=" + api.URL,
	}
	for name, value := range variables {
		env = append(env, name+"="+value)
		if !slices.Contains(p.variables, name) {
			t.Errorf("the example does not set %s", name)
		}
	}
	if out, got := bash(t, dir, env, "set -u\n"+p.install); got != 0 {
		t.Errorf("installing exits with %d: %s", got, out)
	}
	for range 2 { // a job that is run again goes on
		if out, got := bash(t, dir, env, "set -u\n"+p.gate); got != code {
			t.Fatalf("the gate exits with %d, want %d: %s", got, code, out)
		}
	}
	if out, got := bash(t, dir, env, "set -u\n"+p.comment); got != 0 {
		t.Errorf("commenting exits with %d: %s", got, out)
	}
	checkPipeline(t, p, dir, code)
}

// checkPipeline looks for what the pipeline keeps.
func checkPipeline(t *testing.T, p pipeline, dir string, code int) {
	t.Helper()
	comment, err := os.ReadFile(filepath.Join(dir, "comment"))
	if code == exitFailed {
		if err == nil {
			t.Error("there is a comment on what could not be done")
		}
		return
	}
	verdict := map[int]string{exitDone: "✓ PASS", exitNotShown: "✗ FAIL", exitInconclusive: "? INCONCLUSIVE"}[code]
	if err != nil || !strings.HasPrefix(string(comment), "## "+verdict+"\n") {
		t.Errorf("%v, the comment is %s", err, comment)
	}
	for _, file := range append(p.artifacts, "parity.html", "parity.xml", "parity.json", "parity.md") {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}
