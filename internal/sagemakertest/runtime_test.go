package sagemakertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var good = aws.Credentials{AccessKeyID: "AKIDGOOD", SecretAccessKey: "s3cr3t"}

// signed is a request as a caller signs it.
func signed(url, endpoint, body string, by aws.Credentials, at time.Time) *http.Request {
	req, err := http.NewRequest(http.MethodPost, url+"/endpoints/"+endpoint+"/invocations", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("X-Amzn-SageMaker-Inference-Id", "id-1")
	req.Header.Set("X-Unknown", "is stripped")
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), by, req, hex.EncodeToString(sum[:]), "sagemaker", "eu-west-1", at); err != nil {
		panic(err)
	}
	return req
}

// invoke returns status, type of error and body.
func invoke(url, endpoint, body string, by aws.Credentials) (int, string, string) {
	return do(signed(url, endpoint, body, by, time.Now()))
}

func do(req *http.Request) (int, string, string) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error(), ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("x-amzn-ErrorType"), string(text)
}

func newRuntime(endpoints map[string]*Endpoint) *Runtime {
	return &Runtime{Region: "eu-west-1", Keys: map[string]Key{"AKIDGOOD": {Secret: "s3cr3t"}}, Endpoints: endpoints}
}

// A stand-in that lets any signature in would not find a client that signs
// something else than it sends.
func TestSignatureIsVerified(t *testing.T) {
	url := serve(t, newRuntime(map[string]*Endpoint{"echo": {Container: http.HandlerFunc(echo)}}))
	for name, c := range map[string]struct {
		change func(*http.Request) *http.Request
		code   string
	}{
		"as signed": {func(r *http.Request) *http.Request { return r }, ""},
		"another body": {func(r *http.Request) *http.Request {
			r.Body = io.NopCloser(strings.NewReader("jello"))
			return r
		}, "InvalidSignatureException"},
		"another endpoint": {func(r *http.Request) *http.Request {
			r.URL.Path = "/endpoints/other/invocations"
			return r
		}, "InvalidSignatureException"},
		"another value": {func(r *http.Request) *http.Request {
			r.Header.Set("X-Amzn-SageMaker-Inference-Id", "id-2")
			return r
		}, "InvalidSignatureException"},
		"a field that is not signed": {func(r *http.Request) *http.Request {
			r.Header.Set("X-Amzn-SageMaker-Target-Model", "m")
			return r
		}, "InvalidSignatureException"},
		"an hour ago": {func(r *http.Request) *http.Request {
			return signed(url, "echo", "hello", good, time.Now().Add(-time.Hour))
		}, "InvalidSignatureException"},
		"none": {func(r *http.Request) *http.Request {
			r.Header.Del("Authorization")
			return r
		}, "MissingAuthenticationTokenException"},
		"half": {func(r *http.Request) *http.Request {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDGOOD")
			return r
		}, "IncompleteSignatureException"},
		"another region": {func(r *http.Request) *http.Request {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "eu-west-1", "eu-west-2", 1))
			return r
		}, "InvalidSignatureException"},
	} {
		status, code, body := do(c.change(signed(url, "echo", "hello", good, time.Now())))
		if code != c.code || (status == 200) != (c.code == "") {
			t.Errorf("%s: %d %s %s, want %q", name, status, code, body, c.code)
		}
	}
}

// Without the semantics of serverless, what a replay makes of cold starts and
// throttles could be tried on AWS only.
func TestColdStartsAndConcurrency(t *testing.T) {
	provisioned, inside, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	e := &Endpoint{
		MaxConcurrency: 2, Provision: func(context.Context) { <-provisioned }, Patience: -1,
		Container: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodPost {
				inside <- struct{}{}
				<-release
			}
		}),
	}
	url := serve(t, newRuntime(map[string]*Endpoint{"e": e}))
	if status, code, _ := invoke(url, "e", "x", good); status != 429 || code != "ModelNotReadyException" {
		t.Fatalf("while it is provisioned: %d %s", status, code)
	}
	e.Patience = 0 // waits
	answers := make(chan int, 2)
	for range 2 {
		go func() { status, _, _ := invoke(url, "e", "x", good); answers <- status }()
	}
	provisioned <- struct{}{}
	<-inside // one instance, that of the first invocation; the other waits for its own
	provisioned <- struct{}{}
	<-inside
	if status, code, body := invoke(url, "e", "x", good); status != 400 || code != "ThrottlingException" || body != `{"message":null}` {
		t.Errorf("a third: %d %s %s", status, code, body)
	}
	close(release)
	if a, b := <-answers, <-answers; a != 200 || b != 200 || e.Started() != 2 {
		t.Errorf("%d and %d, with %d instances", a, b, e.Started())
	}
	e.Cool()
	go func() { provisioned <- struct{}{} }()
	go func() { <-inside }()
	if status, _, _ := invoke(url, "e", "x", good); status != 200 || e.Started() != 3 {
		t.Errorf("cooled: %d, with %d instances", status, e.Started())
	}
}

// The quota is the account's: endpoints take it from each other.
func TestAccountConcurrency(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	held := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			inside <- struct{}{}
			<-release
		}
	})
	r := newRuntime(map[string]*Endpoint{"a": {Container: held}, "b": {Container: http.HandlerFunc(echo)}})
	r.MaxConcurrency = 1
	url := serve(t, r)
	done := make(chan int)
	go func() { status, _, _ := invoke(url, "a", "x", good); done <- status }()
	<-inside
	if _, code, _ := invoke(url, "b", "x", good); code != "ThrottlingException" {
		t.Errorf("over the quota: %q", code)
	}
	close(release)
	<-done
	if status, _, _ := invoke(url, "b", "x", good); status != 200 {
		t.Errorf("within it: %d", status)
	}
}

// What a container does wrong reaches the caller wrapped.
func TestContainerErrors(t *testing.T) {
	stuck := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			<-req.Context().Done()
		}
	})
	url := serve(t, newRuntime(map[string]*Endpoint{
		"stuck":  {Container: stuck, Timeout: time.Millisecond},
		"long":   {Container: status(500, strings.Repeat("x", 5000))},
		"large":  {Container: status(200, strings.Repeat("x", 101)), MaxPayload: 100},
		"panics": {Container: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { panicOn(req) })},
	}))
	for name, want := range map[string]string{
		"stuck": `"OriginalStatusCode":0`, "large": `"OriginalStatusCode":0`, "panics": `"OriginalStatusCode":0`,
		"long": `"OriginalMessage":"` + strings.Repeat("x", 2048) + `","OriginalStatusCode":500`,
	} {
		status, code, body := invoke(url, name, "x", good)
		if status != 424 || code != "ModelError" || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s %.100s", name, status, code, body)
		}
	}
	if status, code, _ := invoke(url, "large", strings.Repeat("x", MaxBody+1), good); status != 413 || code != "413" {
		t.Errorf("over the API's limit: %d %s", status, code)
	}
}

func panicOn(req *http.Request) {
	if req.Method == http.MethodPost {
		panic("a container that dies")
	}
}
