package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// invoke is a command line that sends the request to SageMaker, by AWS's own
// tool: curl could not sign it. Its first output is the answer's body.
func invoke(run *dataset.Run, recorded, e *exchange.Exchange, to endpoint) string {
	o := replay.Options{Target: to.base, Names: to.names, RunID: run.Info.ID, Headers: http.Header{}}
	for name, value := range to.headers {
		o.Headers.Set(name, value)
	}
	call, err := replay.NewInvocation(o, e)
	if err != nil {
		return fmt.Sprintf("(it can't be sent: %s)", printable(err.Error()))
	}
	args := []string{"aws sagemaker-runtime invoke-endpoint --endpoint-name " + shellQuote(call.Endpoint)}
	for _, arg := range []struct{ flag, value, header string }{
		{"--region", call.Region, ""},
		{"--content-type", call.ContentType, "Content-Type"},
		{"--accept", call.Accept, "Accept"},
		{"--custom-attributes", call.CustomAttributes, "X-Amzn-SageMaker-Custom-Attributes"},
		{"--inference-id", call.InferenceID, ""},
		{"--target-variant", call.Variant, ""},
		{"--target-model", call.Model, ""},
		{"--inference-component-name", call.Component, ""},
	} {
		switch {
		case arg.value == "":
		case isSet(to.headers, arg.header): // it may hold what is the environment's
			args = append(args, arg.flag+` "`+shellValue(arg.value)+`"`)
		default:
			args = append(args, arg.flag+" "+shellQuote(arg.value))
		}
	}
	args = append(args, "--body fileb:///dev/stdin /dev/stdout")
	from, ok := catBody(run, recorded, e, to)
	if !ok && !fitsLine(e.Request.Body) {
		return from
	}
	if fitsLine(e.Request.Body) {
		from = "  printf %s " + shellQuote(string(e.Request.Body)) + " |\n  "
	}
	return from + strings.Join(args, " \\\n    ")
}
