package replay

import (
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// What follows from versions is seen only when it is sent. Without this, one
// model would be judged by the answers of another one's endpoint.
func TestVersionsThatMakeTwoModelsOne(t *testing.T) {
	target, err := parseSageMakerTarget("sagemaker://mod-{model}-{version}", map[string]string{"x": "one", "y": "one"})
	if err != nil {
		t.Fatal(err)
	}
	c := &sageMakerClient{target: target}
	for _, ask := range []struct{ model, version, refused string }{
		{"a", "b-c", ""},
		{"a-b", "d", ""},
		{"a-b", "c", `where model "a" is sent`},
		{"A", "b-C", `where model "a" is sent`},
		{"a", "b-c", ""},
		{"x", "1", ""},
		{"y", "2", ""}, // as the table says
	} {
		_, err := c.endpoint(&exchange.Exchange{Model: ask.model, ModelVersion: ask.version})
		if (err != nil) != (ask.refused != "") || err != nil && !strings.Contains(err.Error(), ask.refused) {
			t.Errorf("%s %s: %v", ask.model, ask.version, err)
		}
	}
}

// Over HTTP no two models share a place, however they are named.
func TestPlacesOfModelsDiffer(t *testing.T) {
	hostile := []string{"a/b", "a%2Fb", "a b", "a+b", "a%20b", "\u00e9", "e\u0301", "A", "a"}
	for _, text := range []string{"http://host/{model}", "http://host/?m={model}"} {
		target, err := parseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		places := map[string]string{}
		for _, model := range hostile {
			place := target.endpoint(&exchange.Exchange{Model: model})
			if other, ok := places[place]; ok {
				t.Errorf("%s: %q and %q are both at %s", text, model, other, place)
			}
			places[place] = model
		}
	}
}
