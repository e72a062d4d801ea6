package replay

import (
	"encoding/csv"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// A slip in the table would send a model to another's endpoint, or nowhere.
func TestReadNames(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                 {},
		"model,endpoint\n": {},
		"\ufeff\"model\",\"endpoint\"\r\n\"a\",\"x\"\r\n": {"a": "x"},
		"a_b,mod-ab\n":                {"a_b": "mod-ab"},
		"model,endpoint\r\n\"a,b\",x": {"a,b": "x"},
		"\ufeffmodel,endpoint\na,x\nb,x\n\nendpoint,model\n": {"a": "x", "b": "x", "endpoint": "model"},
	} {
		if got, err := ReadNames(strings.NewReader(text)); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	long := strings.Repeat("x", 64)
	for text, want := range map[string]string{
		"model,endpoint\na,x\na,y\n": `line 3: model "a" has an endpoint already, in line 2`,
		"a,x_y\n":                    `line 1: endpoint "x_y" of model "a"`,
		"a," + long:                  "line 1: endpoint",
		"a,-x":                       "line 1: endpoint",
		"a,":                         "line 1: endpoint",
		",x":                         "line 1: it has no model",
		"a,x\nb\n":                   "line 2: has 1 fields",
		"a,x,y\n":                    "line 1: has 3 fields",
		"a,x\nmodel,endpoint_\n":     "line 2",
		"a,\"x\n":                    "line 1",
	} {
		if got, err := ReadNames(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

// Two models at one endpoint: the answers of one would be judged as the other's,
// and everything would differ, or by luck nothing.
func TestCheckModels(t *testing.T) {
	for _, c := range []struct {
		target string
		names  map[string]string
		models string
		want   string // within the error
	}{
		{"http://new.example", nil, "a a_b", ""},
		{"http://new.example/{model}", nil, "a a_b", ""},
		{"sagemaker://mod-{model}", nil, "a b", ""},
		{"sagemaker://mod-{model}", nil, "a b_c", `"mod-b_c"`},
		{"sagemaker://mod-{model}", map[string]string{"b_c": "mod-bc"}, "a b_c", ""},
		{"sagemaker://mod-{model}", map[string]string{"b_c": "mod-a"}, "a b_c", `"a" and "b_c" would both be sent to sagemaker://mod-a`},
		{"sagemaker://mod-{model}", map[string]string{"b_c": "mod-a", "a": "mod-a"}, "a b_c", ""},
		{"sagemaker://mod-{model}", map[string]string{"b_c": "mod-a", "a": "mod-a"}, "b_c", ""},
		{"sagemaker://mod-{model}", nil, "Spam spam", "would both"}, // SageMaker has no two names that differ in case only
		{"sagemaker://all", nil, "a", ""},
		{"sagemaker://all", nil, "a b", "would both"},
		{"sagemaker://all", map[string]string{"a": "all", "b": "all"}, "a b", ""},
		{"sagemaker://all?model={model}.tar.gz", nil, "a b", ""},
		{"sagemaker://all?component={model}", nil, "a b", ""},
		{"sagemaker://all?variant=blue", nil, "a b", "would both"},
		{"sagemaker://m-{model}-{version}", nil, "a b", ""},
	} {
		err := CheckModels(Options{Target: c.target, Names: c.names}, strings.Fields(c.models))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %v, %s: %v; want %q", c.target, c.names, c.models, err, c.want)
		}
	}
}

// What is wrong with a target must be said before a night, not in it.
func TestSageMakerOptions(t *testing.T) {
	for target, want := range map[string]string{
		"sagemaker://mod-{model}": "", "sagemaker://a": "", "sagemaker://{model}-{version}?region=us-gov-west-1": "",
		"sagemaker://": "must be sagemaker://", "sagemaker://a/b": "must be", "sagemaker://a:1": "must be", "sagemaker://u@a": "must be", "sagemaker://a#b": "must be", "sagemaker://a%2Fb": "must be",
		"sagemaker://a_b": "a_b", "sagemaker://-{model}": "letters", "sagemaker://{name}": "{model} and {version}", "sagemaker://{model": "{model} and",
		"sagemaker://" + strings.Repeat("a", 64): "at most 63",
		"sagemaker://a?varient=b":                `"varient" is no option`, "sagemaker://a?variant=": "variant is empty", "sagemaker://a?variant=b&variant=c": "2 times",
		"sagemaker://a?variant=b_c": "variant", "sagemaker://a?model=%zz": "escaped", "sagemaker://a?model=../x": "within its prefix", "sagemaker://a?region=EU%20west": "region",
	} {
		err := Options{Target: target, RunID: "r"}.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", target, err, want)
		}
	}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Target: "sagemaker://a", RunID: "a,b"}, "run id"},
		{Options{Target: "sagemaker://a", RunID: "ä"}, "run id"},
		{Options{Target: "sagemaker://a", RunID: "r", Headers: http.Header{"Authorization": {"x"}}}, "header Authorization: InvokeEndpoint strips it"},
		{Options{Target: "sagemaker://a", RunID: "r", Headers: http.Header{"Accept": {"text/csv"}, "x-amzn-sagemaker-custom-attributes": {"a=b"}}}, ""},
		{Options{Target: "sagemaker://a", RunID: "r", Names: map[string]string{"m": "a_b"}}, "names"},
		{Options{Target: "http://a", RunID: "r", Names: map[string]string{"m": "a"}}, "only a sagemaker:// target"},
		{Options{Target: "http://a", RunID: "r", MaxRequest: 1}, "only a sagemaker:// target"},
		{Options{Target: "sagemaker://a", RunID: "r", MaxRequest: -1}, "max request"},
		{Options{Target: "sagemaker://a", RunID: "r", FollowRedirects: true}, "follows none"},
	} {
		if err := c.o.Validate(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v; want %q", c.o, err, c.want)
		}
	}
}

// An endpoint's lane must be its own: what one model's does is no matter of another.
func TestSageMakerEndpoints(t *testing.T) {
	target, err := parseSageMakerTarget("sagemaker://mod-{model}?component=c-{version}", map[string]string{"b": "other"})
	if err != nil {
		t.Fatal(err)
	}
	c := &sageMakerClient{target: target}
	for model, want := range map[string]string{"a": "sagemaker://mod-a?component=c-1", "b": "sagemaker://other?component=c-1"} {
		if got, err := c.endpoint(&exchange.Exchange{Model: model, ModelVersion: "1"}); err != nil || got != want {
			t.Errorf("%s: %s, %v", model, got, err)
		}
	}
}

// Whatever a file holds, what is read of it are names that SageMaker could have,
// and says the same when it is written down.
func FuzzReadNames(f *testing.F) {
	for _, text := range []string{"model,endpoint\na_b,mod-ab\n", "\"a,\"\"b\",x\r\n", "\ufeffa,b", "a,x\na,y", "a,b,c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := ReadNames(strings.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		w := csv.NewWriter(&again)
		for model, endpoint := range names {
			if model == "" || !endpointName.MatchString(endpoint) {
				t.Fatalf("%q is sent to %q", model, endpoint)
			}
			_ = w.Write([]string{model, endpoint})
		}
		w.Flush()
		if back, err := ReadNames(strings.NewReader("model,endpoint\n" + again.String())); err != nil || !maps.Equal(back, names) {
			t.Errorf("%q: %q, read again %q, %v", text, names, back, err)
		}
	})
}
