package capture

import (
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// If this fails exchanges are filed under the wrong model, and judged by its rules.
func TestRules(t *testing.T) {
	r := &record{
		uri:    "/v1/models/sp%61m%2Fen/classify?model=x",
		header: http.Header{"X-Model": {"from-header"}},
		request: copied{data: []byte(`{"a":{"b~/c":[1,{"d":"deep"}],"n":1.50},"t":true,"o":{},"z":null,
			"model":"plain","model":"second"}`)},
	}
	tests := []struct{ rule, want string }{
		{"path:/v1/models/{model}/classify", "spam/en"},
		{"path:/v1/models/{version}/classify", "spam/en"},
		{"path:/v1/models/{model}", ""},
		{"path:/v1/{model}/classify", ""},
		{"path:/v1/models/sp{model}/classify", "am/en"},
		{"path:/v2/models/{model}/classify", ""},
		{"header:x-model", "from-header"},
		{"header:X-Other", ""},
		{"json:/model", "plain"},
		{"json:/a/b~0~1c/1/d", "deep"},
		{"json:/a/b~0~1c/2", ""},
		{"json:/a/b~0~1c/-", ""},
		{"json:/a/n", "1.50"},
		{"json:/t", "true"},
		{"json:/o", ""},
		{"json:/z", ""},
		{"json:/t/x", ""},
		{"json:/none", ""},
		{"const:it", "it"},
	}
	for _, tt := range tests {
		rule, err := ParseRule(tt.rule)
		if err != nil {
			t.Errorf("%s: %v", tt.rule, err)
		} else if got := rule.yield(r); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.rule, got, tt.want)
		}
	}
	for _, body := range []string{"", "{", "nonsense", `{"model"`, `[1]`, "\xff\xfe"} {
		if got := must(ParseRule("json:/model")).yield(&record{request: copied{data: []byte(body)}}); got != "" {
			t.Errorf("body %q yields %q", body, got)
		}
	}
}

// If this fails a mistyped rule files a night's traffic under no model.
func TestWrongRules(t *testing.T) {
	for _, s := range []string{
		"", "model", "path:", "path:/models", "path:models/{model}", "path:/{a}/{b}", "path:/{a", "path:/{a}}", "path:/{a}?x=1",
		"header:", "header:X Model", "json:", "json:model", "const:", "cookie:x",
	} {
		if _, err := ParseRule(s); err == nil || !strings.Contains(err.Error(), `"`+s+`"`) || !strings.Contains(err.Error(), "header:X-Model") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// If this fails a mistaken rule writes a secret into every row, as the model's name.
func TestCredentialsAreNoNames(t *testing.T) {
	for _, name := range []string{"Authorization", "authorization", "Cookie", "X-Api-Key"} {
		if _, err := ParseRule("header:" + name); err == nil || !strings.Contains(err.Error(), `"header:`+name+`"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// If this fails a client can put bytes into a dataset that its readers refuse,
// or so many models that they fall over.
func TestNamesFromClients(t *testing.T) {
	header := []Rule{must(ParseRule("header:X-Model")), must(ParseRule("header:X-Else"))}
	n := names{}
	pick := func(name string) string {
		return n.pick(header, &record{header: http.Header{"X-Model": {name}}}, exchange.UnknownModel)
	}
	tests := map[string]string{
		"ok": "ok", "caf\xc3\xa9": "café", "a\xffb": "a%FFb", "a\nb\x00": "a%0Ab%00", "\uFFFD": "\uFFFD", "\u0085": "%C2%85",
		"": exchange.UnknownModel, strings.Repeat("m", 256): strings.Repeat("m", 256), strings.Repeat("m", 257): exchange.UnknownModel,
	}
	for name, want := range tests {
		if got := pick(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for i := range 2 * maxNames {
		pick(strings.Repeat("x", i%200) + string(rune('a'+i%26)) + string(rune(0x4e00+i)))
	}
	if len(n) != maxNames || pick("one more") != exchange.UnknownModel || pick("ok") != "ok" {
		t.Errorf("%d models, one more is %q, a known one %q", len(n), pick("one more"), pick("ok"))
	}
}
