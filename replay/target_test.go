package replay

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// A team moves from one URL scheme to another by a template; one that is filled
// in wrongly asks another model. (The host is one that no proxy is used for.)
func TestTargetTemplate(t *testing.T) {
	for _, c := range []struct{ target, recorded, model, want string }{
		{"http://localhost", "/p?q=1", "m", "/p?q=1"},
		{"http://localhost/", "/p?q=1", "m", "/p?q=1"},
		{"HTTP://localhost:80/v2/models/{model}/infer", "/p", "m", "/v2/models/m/infer"},
		{"http://localhost/{model}", "/p?q=1", "m", "/m?q=1"},
		{"http://localhost/{model}/", "/p?", "m", "/m/?"},
		{"http://localhost/{model}/{version}?m={model}", "/p?q=1", "a/b c%+é", "/a%2Fb%20c%25+%C3%A9/7?m=a%2Fb+c%25%2B%C3%A9"},
		{"http://localhost?key=1", "/p?q=1", "m", "/p?key=1"},
		{"http://localhost/a%2fb", "/p", "m", "/a%2fb"},
		{"http://localhost/{model}", "/p", "{version}", "/%7Bversion%7D"},
	} {
		target, err := parseTarget(c.target)
		if err != nil {
			t.Fatal(err)
		}
		e := exchange.Exchange{Model: c.model, ModelVersion: "7", Request: exchange.Request{Path: c.recorded}}
		u, err := target.url(&e)
		if err != nil {
			t.Fatal(err)
		}
		if u.RequestURI() != c.want || u.Scheme != "http" || !strings.HasPrefix(u.Host, "localhost") {
			t.Errorf("%s of %s: got %s, want %s", c.target, c.recorded, u.RequestURI(), c.want)
		}
	}
}

// A secret that stands in the query must get there, escaped, and nowhere else: what
// names an endpoint is shown.
func TestSecretsInTheQuery(t *testing.T) {
	var asked string
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { asked = r.RequestURI })
	o := Options{Target: server.URL + "/x?m={model}&token=${NEW_TOKEN}", Variables: map[string]string{"NEW_TOKEN": "s3cret {model}&x=1"}}
	s := newSender(t, o)
	e := recorded(0)
	replay(t, s, e)
	if asked != "/x?m=model-0&token=s3cret+%7Bmodel%7D%26x%3D1" {
		t.Errorf("asked for %s", asked)
	}
	if name, err := s.client.endpoint(&e); err != nil || strings.Contains(name, "s3cret") {
		t.Errorf("the endpoint is called %s, %v", name, err)
	}
	o.Variables, o.RunID = nil, "r"
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "needs NEW_TOKEN from the environment") {
		t.Errorf("%v", err)
	}
	for _, target := range []string{"http://h?token=s3cret", "https://h/x?a=1&X-Api-Key=s3cret", "http://h?sig=s3cret"} {
		if err := CheckSecrets(target); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", target, err)
		}
	}
	for _, target := range []string{"http://h", "http://h?token=${T}", "http://h?key={model}", "http://h?verbose=1", "http://h?token="} {
		if err := CheckSecrets(target); err != nil {
			t.Error(err)
		}
	}
}

// Names and paths come from traffic. None may lead to another host or out of
// the template, and what can't be written must not be sent as something else.
func TestUnsendable(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent %s", r.RequestURI) })
	plain := newSender(t, Options{Target: server.URL})
	template := newSender(t, Options{Target: server.URL + "/{model}/x?v={version}"})
	for name, c := range map[string]struct {
		sender *Sender
		change func(*exchange.Exchange)
	}{
		"absolute URL":   {plain, func(e *exchange.Exchange) { e.Request.Path = "http://elsewhere.example/" }},
		"no path":        {plain, func(e *exchange.Exchange) { e.Request.Path = "" }},
		"space":          {plain, func(e *exchange.Exchange) { e.Request.Path = "/a b" }},
		"line feed":      {plain, func(e *exchange.Exchange) { e.Request.Path = "/a\r\nX: y" }},
		"odd slashes":    {plain, func(e *exchange.Exchange) { e.Request.Path = "//a|b" }},
		"method":         {plain, func(e *exchange.Exchange) { e.Request.Method = "GET /" }},
		"header name":    {plain, func(e *exchange.Exchange) { e.Request.Headers = []byte(`[["a b","c"]]`) }},
		"header value":   {plain, func(e *exchange.Exchange) { e.Request.Headers = []byte(`[["a","b\r\nc"]]`) }},
		"header text":    {plain, func(e *exchange.Exchange) { e.Request.Headers = []byte(`{}`) }},
		"model of dots":  {template, func(e *exchange.Exchange) { e.Model = ".." }},
		"no version":     {template, func(e *exchange.Exchange) { e.ModelVersion = "" }},
		"version is dot": {template, func(e *exchange.Exchange) { e.ModelVersion = "." }},
	} {
		t.Run(name, func(t *testing.T) {
			e := recorded(0)
			c.change(&e)
			rows, counts := replay(t, c.sender, e)
			got := rows[0].Candidate
			if got.Failure != exchange.Unsendable || got.Error == "" || got.Sent != 0 || counts.Sent != 0 || counts.Failed["unsendable"] != 1 {
				t.Errorf("got %+v, %+v", got, counts)
			}
		})
	}
}

// A wrong option must be a sentence before the first request, not a night of
// rows that failed. Secrets must not be in it.
func TestOptionsValidate(t *testing.T) {
	ok := Options{Target: "https://h:8443/{model}?a={version}", RunID: "r", Concurrency: 1, Rate: 0.5, Timeout: 1, MaxBody: 1, Headers: http.Header{"authorization": {"Bearer x"}}}
	if err := ok.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Options){
		`target "": must be http(s)://`:               func(o *Options) { o.Target = "" },
		`target "h:80": must be`:                      func(o *Options) { o.Target = "h:80" },
		`target "ftp://h": must be`:                   func(o *Options) { o.Target = "ftp://h" },
		`target "http:///p": must be`:                 func(o *Options) { o.Target = "http:///p" },
		`target "http://h/p#f": must be`:              func(o *Options) { o.Target = "http://h/p#f" },
		`target "http://{model}.h": must be`:          func(o *Options) { o.Target = "http://{model}.h" },
		`target "http://…@h": must not`:               func(o *Options) { o.Target = "http://u:secret@h" },
		`target "http://h/{modle}": {model} and`:      func(o *Options) { o.Target = "http://h/{modle}" },
		`target "http://h/a b": spaces`:               func(o *Options) { o.Target = "http://h/a b" },
		`run id "": must be`:                          func(o *Options) { o.RunID = "" },
		`run id "a\nb": must be`:                      func(o *Options) { o.RunID = "a\nb" },
		`concurrency -1: must be`:                     func(o *Options) { o.Concurrency = -1 },
		`rate -1: must be`:                            func(o *Options) { o.Rate = -1 },
		`timeout -1ns: must be`:                       func(o *Options) { o.Timeout = -time.Nanosecond },
		`max body -1: must be`:                        func(o *Options) { o.MaxBody = -1 },
		`header "a b": is no`:                         func(o *Options) { o.Headers = http.Header{"a b": nil} },
		`header host: is set by`:                      func(o *Options) { o.Headers = http.Header{"host": nil} },
		`header X-Key: its value holds a control cha`: func(o *Options) { o.Headers = http.Header{"X-Key": {"secret\n"}} },
		`sample 2: must be`:                           func(o *Options) { o.Selection.Sample = 2 },
	} {
		o := ok
		change(&o)
		s, err := New(o)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") || s != nil {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Without this, a password in a mistyped target would be in CI's log for good.
func TestTargetErrorsHoldNoSecrets(t *testing.T) {
	for _, target := range []string{
		"http://u:s3cret@h", "http://u:s3c%ret@h", "http://u:s3cret/x@h", "http://u:s3cret?x@h", "http://u:s3cret#x@h", "u:s3c%ret@h", "ftp://h/?token=s3cret",
		"http://h/ ?token=s3cret", "http://h/{x}?token=s3cret", "http://h?token=s3cret#x", "http://h:port?token=s3cret",
	} {
		_, err := parseTarget(target)
		if err == nil || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: %v", target, err)
		}
	}
}
