package config

import (
	"strings"
	"testing"
	"time"
)

// Without this, a config that people wrote could be read as something else.
func TestParse(t *testing.T) {
	c, err := Parse([]byte(`
capture: { model: [ "path:/models/{model}/classify" ] }
targets:
  new: { url: "http://new.example", concurrency: 8, timeout: 5s, headers: { Authorization: "Bearer $NEW_TOKEN" } }
compare:
  number: { abs: 1e-9, rel: 1e-6 }
  rules:
    - { path: "$.took_ms", ignore: true }
    - { path: "$.scores[*]", number: { abs: 1e-4 } }
  models: { "spam-*": { number: { abs: 0.5 } } }
gate:
  budget: 0.1%
  confidence: 95%
  min_samples: 300
  models: { "legal-*": { budget: 0 } }
`))
	if err != nil {
		t.Fatal(err)
	}
	if n := c.Targets["new"]; n.URL != "http://new.example" || n.Concurrency != 8 || n.Timeout != 5*time.Second || n.Headers["Authorization"] != "Bearer $NEW_TOKEN" || c.Capture.Model[0] != "path:/models/{model}/classify" {
		t.Errorf("%+v", c)
	}
	h, err := c.Targets["new"].Header(func(name string) string { return map[string]string{"NEW_TOKEN": "t"}[name] })
	if err != nil || h.Get("Authorization") != "Bearer t" {
		t.Errorf("%v, %v", h, err)
	}
	if _, err := c.Targets["new"].Header(func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "NEW_TOKEN") {
		t.Errorf("without the variable: %v", err)
	}
	if c.Compare.Number.Abs != 1e-9 || len(c.Compare.Paths) != 2 || c.Compare.Models["spam-*"].Number.Abs != 0.5 {
		t.Errorf("%+v", c.Compare)
	}
	if *c.Gate.Budget != 0.001 || *c.Gate.MinSamples != 300 || *c.Gate.Models["legal-*"].Budget != 0 {
		t.Errorf("%+v", c.Gate)
	}
}

// Without this, a slip in the file could be passed over, or found at night.
func TestMistakesHaveAPlace(t *testing.T) {
	for text, want := range map[string]string{
		"gate:\n  bugdet: 1%":                                                      "[2:3]",
		"gate:\n  budget: [1]":                                                     "[2:",
		"gate:\n  min_samples: 1.5":                                                "[2:16] 1.5 is not a whole number",
		"gate:\n  min_samples: -1":                                                 "[2:16] gate.min_samples",
		"gate:\n  budget: 100%":                                                    "[2:",
		"compare:\n  number: { abs: -1 }":                                          "[2:",
		"compare:\n  number: { abs: x }":                                           "[2:",
		"targets:\n  new: { concurrency: 1 }":                                      "[2:",
		"targets:\n  new: { url: u, concurrency: -1 }":                             "[2:",
		"gate: {}\ngate: {}":                                                       "[2:1]",
		"gate: {}\n---\ngate: {}":                                                  "second document",
		"targets:\n  new: { url: u, concurrency: two }":                            `[2:31] "two" is no concurrency`,
		"targets:\n  ten: { url: \"http://x\", concurrency: ten }":                 `[2:40] "ten" is no concurrency`,
		"targets:\n  a: { url: http://x }\n  b: { url: ftp://x }":                  "[3:",
		"targets:\n  a:\n    url: http://x\n    names: e.csv":                      "[4:12] targets.a.names: only a sagemaker:// target",
		"targets:\n  a: { url: \"sagemaker://mod-{model}\", headers: { X-Y: z } }": "InvokeEndpoint strips it",
		"targets:\n  a: { url: \"sagemaker://mod_{model}\" }":                      "[2:",
		"targets:\n  a: { url: \"sagemaker://a\", max_request: 4MB }":              "4MB is not a whole number",
		"targets:\n  a: { url: http://x, headers: { Host: x } }":                   "[2:",
		"capture:\n  model: [ \"const:a\", \"nonsense\" ]":                         "[2:23] capture.model[1]",
		"gate:\n  models:\n    a: { budget: 1% }\n    'legal-*': { budget: 200% }": "[4:",
		"nonsense": "[1:1]",
		"compare:\n  rules:\n    - { path: $.a, ignore: true }\n    - { path: $.a, number: { abs: 1 } }": `[3:15] rules[0].path "$.a" and rules[1].path`,
	} {
		c, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want an error with %q", text, c, err, want)
		}
	}
}
