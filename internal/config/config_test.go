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

// Without this, a model could be asked by another's mapping.
func TestMappings(t *testing.T) {
	c, err := Parse([]byte(`
targets:
  tf:
    url: "https://tf.example/v2/models/{model}/infer"
    request: '{inputs: [{name: "text", shape: [1], datatype: "BYTES", data: [.text]}]}'
    response: '.outputs[0].data[0] | {label: .}'
    models: { "legacy-*": { request: '{instances: [.]}', response: '.predictions[0]' }, "b": { response: . } }
  plain: { url: "http://x" }
`))
	if err != nil {
		t.Fatal(err)
	}
	tf := c.Targets["tf"]
	if s := tf.Requests(); !strings.HasPrefix(s.Program, "{inputs") || len(s.Models) != 1 || s.Models["legacy-*"] != "{instances: [.]}" {
		t.Errorf("requests: %+v", s)
	}
	if s := tf.Responses(); !strings.HasPrefix(s.Program, ".outputs") || len(s.Models) != 2 || s.Models["b"] != "." {
		t.Errorf("responses: %+v", s)
	}
	if p := c.Targets["plain"]; !p.Requests().None() || !p.Responses().None() {
		t.Errorf("%+v", p)
	}
}

// Without this, a slip in the file could be passed over, or found at night.
func TestMistakesHaveAPlace(t *testing.T) {
	for text, want := range map[string]string{
		"gate:\n  bugdet: 1%":                                                                                       "[2:3]",
		"gate:\n  budget: [1]":                                                                                      "[2:",
		"gate:\n  min_samples: 1.5":                                                                                 "[2:16] 1.5 is not a whole number",
		"gate:\n  min_samples: -1":                                                                                  "[2:16] gate.min_samples",
		"gate:\n  budget: 100%":                                                                                     "[2:",
		"compare:\n  number: { abs: -1 }":                                                                           "[2:",
		"compare:\n  number: { abs: x }":                                                                            "[2:",
		"targets:\n  new: { concurrency: 1 }":                                                                       "[2:",
		"targets:\n  new: { url: u, concurrency: -1 }":                                                              "[2:",
		"gate: {}\ngate: {}":                                                                                        "[2:1]",
		"gate: {}\n---\ngate: {}":                                                                                   "second document",
		"targets:\n  new: { url: u, concurrency: two }":                                                             `[2:31] "two" is no concurrency`,
		"targets:\n  ten: { url: \"http://x\", concurrency: ten }":                                                  `[2:40] "ten" is no concurrency`,
		"targets:\n  a: { url: http://x }\n  b: { url: ftp://x }":                                                   "[3:",
		"targets:\n  a:\n    url: http://x\n    names: e.csv":                                                       "[4:12] targets.a.names: only a sagemaker:// target",
		"targets:\n  a: { url: \"sagemaker://mod-{model}\", headers: { X-Y: z } }":                                  "InvokeEndpoint strips it",
		"targets:\n  a: { url: \"sagemaker://mod_{model}\" }":                                                       "[2:",
		"targets:\n  a: { url: \"sagemaker://a\", max_request: 4MB }":                                               "4MB is not a whole number",
		"targets:\n  a: { url: http://x, headers: { Host: x } }":                                                    "[2:",
		"capture:\n  model: [ \"const:a\", \"nonsense\" ]":                                                          "[2:23] capture.model[1]",
		"gate:\n  models:\n    a: { budget: 1% }\n    'legal-*': { budget: 200% }":                                  "[4:",
		"targets:\n  a:\n    url: http://x\n    request: '.a ['":                                                    "[4:14] targets.a.request: compile jq program: ",
		"targets:\n  a:\n    url: http://x\n    response: now":                                                      "[4:15] targets.a.response: compile jq program: now is refused",
		"targets:\n  a:\n    url: http://x\n    models:\n      'm-*': { request: '{' }":                             "[5:25] targets.a.models.'m-*'.request: ",
		"targets:\n  a:\n    url: http://x\n    models:\n      'm-*': { }":                                          "[5:14] targets.a.models.'m-*': says nothing",
		"targets:\n  a:\n    url: http://x\n    models:\n      'm-*': { reqest: . }":                                "[5:16]",
		"targets:\n  a:\n    url: http://x\n    models:\n      'm-*': { request: . }\n      '*-m': { response: . }": "[6:14] targets.a.models.'*-m' and models.'m-*' can both match",
		"targets:\n  a:\n    url: https://x\n    tls: { cert: c.pem }":                                              "[4:18] targets.a.tls.cert \"c.pem\": has no key",
		"targets:\n  a:\n    url: https://x\n    tls: { server_name: 'a:1' }":                                       "[4:25] targets.a.tls.server_name",
		"targets:\n  a:\n    url: http://x\n    tls: { ca: c.pem }":                                                 "targets.a.tls: is for an https:// url",
		"targets:\n  a:\n    url: https://x\n    tls: { insecure: true }":                                           "[4:12]",
		"targets:\n  a:\n    url: https://x\n    http2: maybe":                                                      "[4:",
		"nonsense": "[1:1]",
		"compare:\n  rules:\n    - { path: $.a, ignore: true }\n    - { path: $.a, number: { abs: 1 } }": `[3:15] rules[0].path "$.a" and rules[1].path`,
	} {
		c, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want an error with %q", text, c, err, want)
		}
	}
}
