package replay

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// threeLetters is a client whose endpoints have short names, as SageMaker's have.
type threeLetters struct{}

func (threeLetters) endpoint(e *exchange.Exchange) (string, error) {
	if e.Model == "" {
		return "", fmt.Errorf("no name")
	}
	return e.Model[:min(3, len(e.Model))], nil
}
func (threeLetters) send(context.Context, *exchange.Exchange, *exchange.Candidate) {}
func (threeLetters) close()                                                        {}

// Without this, two models could be sent to one endpoint, and one be judged by the
// other's answers.
func TestModelsWithOneEndpoint(t *testing.T) {
	if err := checkModels(threeLetters{}, []string{"", "abc", "abd", "b", ""}); err != nil {
		t.Error(err)
	}
	err := checkModels(threeLetters{}, []string{"abc1", "b", "abc2"})
	if err == nil || !strings.Contains(err.Error(), `models "abc1" and "abc2" would both be sent to the endpoint "abc"`) {
		t.Errorf("%v", err)
	}
	hostile := []string{"a/b", "a%2Fb", ".", "..", "", "a b", "a+b", "a%20b", "é", "é"}
	for _, target := range []string{"http://host", "http://host/{model}", "http://host/?m={model}"} {
		if err := CheckModels(Options{Target: target}, hostile); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
	if err := CheckModels(Options{Target: "http://{model}"}, hostile); err == nil {
		t.Error("a target that is none is fine")
	}
}
