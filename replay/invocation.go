package replay

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"github.com/modelparity/parity/internal/exchange"
)

// customAttributes is the one header field that InvokeEndpoint passes on for its
// caller's use.
const customAttributes = "X-Amzn-SageMaker-Custom-Attributes"

// Invocation is what a Sender with a SageMaker target calls InvokeEndpoint with,
// the body apart. "" is left out.
type Invocation struct {
	Endpoint, Variant, Model, Component string
	Region                              string // "" is the environment's
	ContentType, Accept                 string
	CustomAttributes                    string // what was recorded, and what marks a replay
	InferenceID                         string // the exchange's id
}

// NewInvocation says how a Sender with these options sends e. An error says why e
// can't be sent.
func NewInvocation(o Options, e *exchange.Exchange) (Invocation, error) {
	t, err := parseSageMakerTarget(o.Target, o.Names)
	if err != nil {
		return Invocation{}, err
	}
	return t.invocation(o, e)
}

func (t *sageMakerTarget) invocation(o Options, e *exchange.Exchange) (Invocation, error) {
	d, err := t.destination(e)
	if err != nil {
		return Invocation{}, err
	}
	switch e.Request.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return Invocation{}, fmt.Errorf("InvokeEndpoint sends bodies by POST, and this is a %q", e.Request.Method)
	}
	h, err := carried(o, e)
	if err != nil {
		return Invocation{}, err
	}
	call := Invocation{
		Endpoint: d.endpoint, Variant: d.variant, Model: d.model, Component: d.component, Region: t.region,
		ContentType: joined(h, "Content-Type"), Accept: joined(h, "Accept"), InferenceID: e.ID.String(),
	}
	call.CustomAttributes = RunHeader + "=" + o.RunID + "," + ExchangeHeader + "=" + e.ID.String()
	if recorded := joined(h, customAttributes); recorded != "" {
		call.CustomAttributes = recorded + "," + call.CustomAttributes
	}
	return call, call.check()
}

// check refuses values that InvokeEndpoint does not take.
func (call Invocation) check() error {
	for name, value := range map[string]string{
		"Content-Type": call.ContentType, "Accept": call.Accept, customAttributes: call.CustomAttributes,
	} {
		if len(value) > 1024 || !isVisible(value) {
			return fmt.Errorf("InvokeEndpoint can't carry the %s of this request, with what marks a replay %d bytes: it takes 1,024 characters of visible ASCII", name, len(value))
		}
	}
	return nil
}

// carried are the header fields that InvokeEndpoint has a place for. A body that
// only a header says how to read is none that it can carry.
func carried(o Options, e *exchange.Exchange) (http.Header, error) {
	fields, err := exchange.DecodeHeaders(e.Request.Headers)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	for _, f := range fields {
		switch name := textproto.CanonicalMIMEHeaderKey(f.Name); {
		case isCarried(name):
			h.Add(name, f.Value)
		case name == "Content-Encoding" && len(e.Request.Body) > 0 && !strings.EqualFold(f.Value, "identity"):
			return nil, fmt.Errorf("the body is packed as %q, which the container would not be told, as InvokeEndpoint strips Content-Encoding: let the target have a mapping, be it the program that changes nothing", f.Value)
		}
	}
	for name, values := range o.Headers {
		h[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	return h, nil
}

func isCarried(name string) bool {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Content-Type", "Accept", textproto.CanonicalMIMEHeaderKey(customAttributes):
		return true
	}
	return false
}

func joined(h http.Header, name string) string { return strings.Join(h.Values(name), ", ") }

// validateSageMaker looks at what InvokeEndpoint can't carry.
func (o Options) validateSageMaker() error {
	if _, err := parseSageMakerTarget(o.Target, o.Names); err != nil {
		return err
	}
	for model, name := range o.Names {
		if !endpointName.MatchString(name) {
			return fmt.Errorf("names: endpoint %q of model %q: a name has %s", name, model, endpointNameForm)
		}
	}
	if !isVisible(o.RunID) || len(o.RunID) > 256 || strings.Contains(o.RunID, ",") {
		return fmt.Errorf("run id %q: must be at most 256 characters of visible ASCII without commas, to go along with InvokeEndpoint", o.RunID)
	}
	if o.FollowRedirects {
		return errors.New("redirects: a request to SageMaker is signed for one place, and follows none")
	}
	for name := range o.Headers {
		if !isCarried(name) {
			return fmt.Errorf("header %s: InvokeEndpoint strips it; it carries Content-Type, Accept and %s, and the target's options are variant, model and component", name, customAttributes)
		}
	}
	return nil
}

// input is the call as the SDK takes it.
func (call Invocation) input(body []byte) *sagemakerruntime.InvokeEndpointInput {
	if body == nil {
		body = []byte{} // nil is left out, and a body is required
	}
	return &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String(call.Endpoint), Body: body, InferenceId: aws.String(call.InferenceID), CustomAttributes: aws.String(call.CustomAttributes),
		ContentType: optional(call.ContentType), Accept: optional(call.Accept),
		TargetVariant: optional(call.Variant), TargetModel: optional(call.Model), InferenceComponentName: optional(call.Component),
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
