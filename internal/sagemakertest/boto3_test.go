package sagemakertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The stand-in and our client are by the same hands: what both had misread would
// be found on AWS only. boto3 reads AWS's own model of the service.
func TestBoto3(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import boto3").Run(); err != nil {
		const why = "no python3 with boto3 here: apt-get install python3-boto3"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	inside, release := make(chan struct{}, 1), make(chan struct{})
	r := &Runtime{
		Region: "eu-west-1", Account: "111122223333",
		Keys: map[string]Key{
			"AKIDGOOD": {Secret: "s3cr3t"}, "ASIATEMP": {Secret: "t3mp", Token: "token/+=="},
			"AKIDOLD": {Secret: "old", Expired: func() bool { return true }}, "AKIDPOOR": {Secret: "poor", Denied: true},
		},
		Endpoints: map[string]*Endpoint{
			"echo":    {Container: http.HandlerFunc(echo), Variant: "blue"},
			"broken":  {Container: status(422, `{"error":"no text"}`)},
			"cold":    {Container: http.HandlerFunc(echo), Provision: func(context.Context) { <-release }, Patience: -1},
			"down":    {Container: http.HandlerFunc(echo), Fault: func() string { return "ServiceUnavailable" }},
			"failing": {Container: http.HandlerFunc(echo), Fault: func() string { return "InternalFailure" }},
			"small":   {Container: http.HandlerFunc(echo), MaxPayload: 10},
			"busy": {MaxConcurrency: 1, Container: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodPost {
					inside <- struct{}{}
					<-release
				}
			})},
		},
	}
	url := serve(t, r)
	t.Cleanup(func() { close(release) })
	go invoke(url, "busy", "x", good) // holds the only instance until the end
	<-inside

	key := map[string]any{"id": "AKIDGOOD", "secret": "s3cr3t"}
	call := func(endpoint string, more map[string]any) map[string]any {
		c := map[string]any{"key": key, "EndpointName": endpoint, "Body": "hello"}
		maps.Copy(c, more)
		return c
	}
	temp := map[string]any{"id": "ASIATEMP", "secret": "t3mp", "token": "token/+=="}
	for _, c := range []struct {
		name string
		call map[string]any
		want map[string]any // parts of what boto3 made of it
	}{
		{"normal", call("echo", map[string]any{
			"ContentType": "text/plain; charset=utf-8", "Accept": "application/json", "CustomAttributes": "run=1, exchange=2",
			"InferenceId": "id-1", "TargetVariant": "blue", "TargetModel": "a/b.tar.gz",
		}), map[string]any{
			"Status": 200.0, "InvokedProductionVariant": "blue", "ContentType": "text/x-echo", "CustomAttributes": "run=1, exchange=2",
			"Body": "POST /invocations hello Accept=application/json Content-Type=text/plain; charset=utf-8 X-Amzn-Sagemaker-Custom-Attributes=run=1, exchange=2 X-Amzn-Sagemaker-Inference-Id=id-1 X-Amzn-Sagemaker-Target-Model=a/b.tar.gz X-Amzn-Sagemaker-Target-Variant=blue",
		}},
		{"temporary credentials", call("echo", map[string]any{"key": temp}), map[string]any{"Status": 200.0, "InvokedProductionVariant": "blue"}},
		{"container error", call("broken", nil), map[string]any{
			"Status": 424.0, "Class": "ModelError", "OriginalStatusCode": 422.0, "OriginalMessage": `{"error":"no text"}`,
			"LogStreamArn": "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/sagemaker/Endpoints/broken",
		}},
		{"throttled", call("busy", nil), map[string]any{"Status": 400.0, "Class": "ClientError", "Error": map[string]any{"Code": "ThrottlingException", "Message": nil}}},
		{"not ready", call("cold", nil), map[string]any{"Status": 429.0, "Class": "ModelNotReadyException"}},
		{"unavailable", call("down", nil), map[string]any{"Status": 503.0, "Class": "ServiceUnavailable"}},
		{"internal failure", call("failing", nil), map[string]any{"Status": 500.0, "Class": "InternalFailure"}},
		{"unknown endpoint", call("gone", nil), map[string]any{
			"Status": 400.0, "Class": "ValidationError", "Message": "Endpoint gone of account 111122223333 not found.",
		}},
		{"request too large", call("small", map[string]any{"Body": "more than ten bytes"}), map[string]any{"Status": 400.0, "Class": "ValidationError"}},
		{"wrong secret", call("echo", map[string]any{"key": map[string]any{"id": "AKIDGOOD", "secret": "guess"}}), code(403, "InvalidSignatureException")},
		{"unknown key", call("echo", map[string]any{"key": map[string]any{"id": "AKIDNONE", "secret": "x"}}), code(403, "UnrecognizedClientException")},
		{"without its token", call("echo", map[string]any{"key": map[string]any{"id": "ASIATEMP", "secret": "t3mp"}}), code(403, "UnrecognizedClientException")},
		{"expired", call("echo", map[string]any{"key": map[string]any{"id": "AKIDOLD", "secret": "old"}}), code(403, "ExpiredTokenException")},
		{"denied", call("echo", map[string]any{"key": map[string]any{"id": "AKIDPOOR", "secret": "poor"}}), code(403, "AccessDeniedException")},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, runPython(t, python, url, c.call), c.want) })
	}
}

// code is what boto3 makes of an error that the service model does not have.
func code(status float64, name string) map[string]any {
	return map[string]any{"Status": status, "Class": "ClientError", "Error.Code": name}
}

func expect(t *testing.T, got, want map[string]any) {
	if e, ok := got["Error"].(map[string]any); ok {
		got["Error.Code"] = e["Code"]
	}
	for name, value := range want {
		a, _ := json.Marshal(got[name])
		if b, _ := json.Marshal(value); !bytes.Equal(a, b) {
			t.Errorf("%s: boto3 has %s, want %s (all: %v)", name, a, b, got)
		}
	}
}

func runPython(t *testing.T, python, url string, call map[string]any) (got map[string]any) {
	calls, err := json.Marshal([]any{call})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "testdata/invoke.py", url, string(calls)).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return got
}

// echo says which header fields came, but for the connection's.
func echo(w http.ResponseWriter, req *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(req.Body)
	words := []string{req.Method, req.URL.Path, body.String()}
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		words = append(words, name+"="+strings.Join(req.Header[name], "|"))
	}
	w.Header().Set("Content-Type", "text/x-echo")
	w.Header().Set("X-Amzn-SageMaker-Custom-Attributes", req.Header.Get("X-Amzn-SageMaker-Custom-Attributes"))
	w.Header().Set("X-Of-The-Container", "is stripped")
	_, _ = w.Write([]byte(strings.Join(words, " ")))
}

func status(code int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			w.WriteHeader(code)
		}
		_, _ = w.Write([]byte(body))
	})
}

func serve(t *testing.T, r *Runtime) string {
	server := httptest.NewServer(r)
	t.Cleanup(r.Close)
	t.Cleanup(server.Close)
	return server.URL
}
