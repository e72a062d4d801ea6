package replay

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"
	"github.com/aws/smithy-go"

	"github.com/modelparity/parity/internal/exchange"
)

// refusals are the errors of SageMaker Runtime and those common to AWS's services,
// by their type, which stands in a header. The status says little: a throttle is
// a 400.
var refusals = map[string]exchange.Failure{
	"ThrottlingException":      exchange.Throttled,
	"Throttling":               exchange.Throttled,
	"TooManyRequestsException": exchange.Throttled,
	"RequestLimitExceeded":     exchange.Throttled,

	"ModelNotReadyException": exchange.NotReady,
	"ServiceUnavailable":     exchange.NotReady,

	"InternalFailure":             exchange.Gateway,
	"InternalDependencyException": exchange.Gateway,

	"AccessDenied":                        exchange.Auth,
	"AccessDeniedException":               exchange.Auth,
	"ExpiredToken":                        exchange.Auth,
	"ExpiredTokenException":               exchange.Auth,
	"IncompleteSignature":                 exchange.Auth,
	"IncompleteSignatureException":        exchange.Auth,
	"InvalidClientTokenId":                exchange.Auth,
	"InvalidSignatureException":           exchange.Auth,
	"MissingAuthenticationToken":          exchange.Auth,
	"MissingAuthenticationTokenException": exchange.Auth,
	"NotAuthorized":                       exchange.Auth,
	"OptInRequired":                       exchange.Auth,
	"RequestExpired":                      exchange.Auth,
	"SignatureDoesNotMatch":               exchange.Auth,
	"UnrecognizedClientException":         exchange.Auth,
}

// refusal fills in c by an answer of SageMaker's that is not 200.
func refusal(w *wire, err error, c *exchange.Candidate) {
	status := w.answer.Status
	h := w.header.Clone()
	h.Del("Content-Type") // these are of SageMaker's words
	h.Del("Content-Length")
	c.Answer = exchange.Answer{Headers: exchange.EncodeHeaders(h)}
	if said, ok := errors.AsType[*types.ModelError](err); ok {
		unwrap(said, c)
		return
	}
	code, message := "", "what came is no error of SageMaker's"
	if said, ok := errors.AsType[smithy.APIError](err); ok {
		code, message = said.ErrorCode(), said.ErrorMessage()
	}
	c.Failure = refused(code, message, status)
	c.Error = fmt.Sprintf("%s, status %d", code, status)
	if message != "" && message != "UnknownError" { // the SDK's word for none
		c.Error += ": " + message
	}
	c.Error = short(strings.TrimPrefix(c.Error, ", "))
}

// refused is the class of an error of SageMaker's own. What has another type, as
// from something in between, goes by its status.
func refused(code, message string, status int64) exchange.Failure {
	if class, ok := refusals[code]; ok {
		return class
	}
	if code == "ValidationError" {
		lower := strings.ToLower(message)
		if strings.Contains(lower, "not found") || strings.Contains(lower, "could not find") {
			return exchange.NoEndpoint
		}
		return exchange.Unsendable
	}
	switch status {
	case http.StatusTooManyRequests:
		return exchange.Throttled
	case http.StatusServiceUnavailable:
		return exchange.NotReady
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return exchange.Auth
	case http.StatusRequestEntityTooLarge:
		return exchange.Unsendable
	}
	if status >= 500 {
		return exchange.Gateway
	}
	return exchange.Protocol
}

// maxOriginal is how many characters the service model gives OriginalMessage. One
// that has them all is taken for cut.
const maxOriginal = 2048

// unwrap makes the container's answer of a ModelError. Its body is text that AWS
// may have cut, and its media type is lost. A container that answered nothing has
// the status 0.
func unwrap(said *types.ModelError, c *exchange.Candidate) {
	message := said.ErrorMessage()
	status := int64(0)
	if said.OriginalStatusCode != nil {
		status = int64(*said.OriginalStatusCode)
	}
	if status < 100 || status > 999 {
		c.Failure = exchange.Gateway
		if strings.Contains(message, "timed out") {
			c.Failure = exchange.Timeout
		}
		c.Error = short("ModelError: " + message)
		return
	}
	c.Status = status
	if said.OriginalMessage == nil || utf8.RuneCountInString(*said.OriginalMessage) == maxOriginal {
		c.Failure, c.Error = exchange.TooLarge, "SageMaker has cut what the container said"
		return
	}
	c.Body = []byte(*said.OriginalMessage)
}
