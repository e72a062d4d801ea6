package replay

import (
	"fmt"

	"github.com/modelparity/parity/internal/exchange"
)

// RequestURL is where a Sender with this target sends e, for people who want
// to send it by hand. A SageMaker target has no URL for that: NewInvocation says
// how it is called.
func RequestURL(targetText string, e *exchange.Exchange) (string, error) {
	if IsSageMaker(targetText) {
		return "", fmt.Errorf("target %s: a request to SageMaker is signed, and no URL alone", targetText)
	}
	t, err := parseTarget(targetText)
	if err != nil {
		return "", err
	}
	t.absolute = false // that is between the transport and its proxy
	u, err := t.url(e)
	if err != nil {
		return "", err
	}
	return t.scheme + "://" + t.host + u.RequestURI(), nil
}
