package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/internal/sagemakertest"
)

// aws makes the environment one of a machine with a key, and nothing of this one.
func awsEnvironment(t testing.TB, url string) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDGOOD", "AWS_SECRET_ACCESS_KEY": "s3cr3t", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url,
	} {
		t.Setenv(name, value)
	}
}

// sageMaker serves endpoints and makes the environment point there.
func sageMaker(t testing.TB, endpoints map[string]*sagemakertest.Endpoint) *sagemakertest.Runtime {
	r := &sagemakertest.Runtime{Region: "eu-west-1", Keys: map[string]sagemakertest.Key{"AKIDGOOD": {Secret: "s3cr3t"}}, Endpoints: endpoints}
	server := httptest.NewServer(r)
	t.Cleanup(r.Close)
	t.Cleanup(server.Close)
	awsEnvironment(t, server.URL)
	return r
}

// container answers every invocation.
func container(h http.HandlerFunc) *sagemakertest.Endpoint {
	return &sagemakertest.Endpoint{Container: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			h(w, r)
		}
	})}
}

func says(status int, body string) *sagemakertest.Endpoint {
	return container(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// ask sends one exchange by a client of its own.
func ask(t testing.TB, o Options, e exchange.Exchange) exchange.Candidate {
	t.Helper()
	o.RunID = "run-1"
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newClient(o.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	var got exchange.Candidate
	c.send(t.Context(), &e, &got, nil)
	return got
}

// Parity is judged on what the container says, so all of it must come back, and
// what marks a replay must get there, by the only way there is.
func TestSageMaker(t *testing.T) {
	var got http.Header
	var path, body string
	e := container(func(w http.ResponseWriter, r *http.Request) {
		got, path = r.Header.Clone(), r.URL.Path
		text, _ := io.ReadAll(r.Body)
		body = string(text)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"label":"ham"}`)
	})
	e.Variant = "blue"
	sageMaker(t, map[string]*sagemakertest.Endpoint{"mod-model-0": e})
	s := newSender(t, Options{Target: "sagemaker://mod-{model}?variant=blue&model={model}%2Fv{version}.tar.gz&component=c-{model}"})
	row := recorded(0)
	row.Request.Headers = exchange.EncodeHeaders(http.Header{
		"Content-Type": {"application/json"}, "Accept": {"text/csv", "application/json"}, "X-Of-The-Client": {"is stripped"},
		"X-Amzn-Sagemaker-Custom-Attributes": {"tenant=1"},
	})
	rows, counts := replay(t, s, row)
	c := rows[0].Candidate
	if c.Failure != "" || c.Status != 200 || string(c.Body) != `{"label":"ham"}` || c.ContentType != "application/json; charset=utf-8" || counts.Answered != 1 {
		t.Fatalf("got %+v, %+v", c, counts)
	}
	if path != "/invocations" || body != string(row.Request.Body) {
		t.Errorf("the container got %q at %s", body, path)
	}
	if how, err := c.HowDelivered(); err != nil || how.Variant != "blue" {
		t.Errorf("which variant answered is not in %s: %v", c.Delivery, err)
	}
	if c.Sent == 0 || c.Due != c.Sent || c.FirstByteUS <= 0 || c.LatencyUS < c.FirstByteUS {
		t.Errorf("times: %+v", c)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "Accept": {"text/csv, application/json"},
		"X-Amzn-Sagemaker-Custom-Attributes":   {"tenant=1,X-Parity-Run=run-1,X-Parity-Exchange=" + row.ID.String()},
		"X-Amzn-Sagemaker-Inference-Id":        {row.ID.String()},
		"X-Amzn-Sagemaker-Target-Variant":      {"blue"},
		"X-Amzn-Sagemaker-Target-Model":        {"model-0/v7.tar.gz"},
		"X-Amzn-Sagemaker-Inference-Component": {"c-model-0"},
	}
	if !maps.EqualFunc(got, want, func(a, b []string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("the container got\n%v, want\n%v", got, want)
	}
}

// Each class leads to another remedy. What SageMaker says in the container's place
// must never be judged as its answer, nor the other way round.
func TestSageMakerFailures(t *testing.T) {
	fault := func(code string) *sagemakertest.Endpoint {
		return &sagemakertest.Endpoint{Container: http.NotFoundHandler(), Fault: func() string { return code }}
	}
	never := make(chan struct{})
	entered := make(chan struct{})
	held := container(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-never
	})
	held.MaxConcurrency = 1
	cold := says(200, "{}")
	cold.Provision, cold.Patience = func(ctx context.Context) { <-ctx.Done() }, -1
	stuck := container(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	stuck.Timeout = time.Millisecond
	small := says(200, "{}")
	small.MaxPayload = 4
	sageMaker(t, map[string]*sagemakertest.Endpoint{
		"unavailable": fault("ServiceUnavailable"), "internal": fault("InternalFailure"), "dependency": fault("InternalDependencyException"),
		"held": held, "cold": cold, "stuck": stuck, "dies": container(func(http.ResponseWriter, *http.Request) { panic("dies") }),
		"bad": says(422, `{"error":"no text"}`), "busy": says(503, "later"), "long": says(500, strings.Repeat("x", 5000)),
		"empty": says(400, ""), "large": says(200, strings.Repeat("x", 10_001)), "small": small,
	})
	t.Cleanup(func() { close(never) })
	first, stop := context.WithCancel(t.Context())
	go hold(t, first, "sagemaker://held")
	<-entered
	defer stop()
	for _, c := range []struct {
		endpoint string
		failure  exchange.Failure
		status   int64
		body     string
		says     string // within the error
	}{
		{"held", exchange.Throttled, 0, "", "ThrottlingException, status 400"},
		{"cold", exchange.NotReady, 0, "", "ModelNotReadyException, status 429: "},
		{"unavailable", exchange.NotReady, 0, "", "ServiceUnavailable, status 503: "},
		{"internal", exchange.Gateway, 0, "", "InternalFailure, status 500: "},
		{"dependency", exchange.Gateway, 0, "", "InternalDependencyException, status 530: "},
		{"nobody", exchange.NoEndpoint, 0, "", "Endpoint nobody of account 123456789012 not found"},
		{"bad?variant=green", exchange.NoEndpoint, 0, "", "Variant green not found"},
		{"small", exchange.Unsendable, 0, "", "oversize body"},
		{"stuck", exchange.Timeout, 0, "", "timed out while waiting for a response from container"},
		{"dies", exchange.Gateway, 0, "", "ModelError: "},
		{"bad", "", 422, `{"error":"no text"}`, ""},
		{"busy", "", 503, "later", ""},
		{"empty", "", 400, "", ""},
		{"long", exchange.TooLarge, 500, "", "has cut"},
		{"large", exchange.TooLarge, 200, "", "over the limit"},
	} {
		got := ask(t, Options{Target: "sagemaker://" + c.endpoint, MaxBody: 10_000}, recorded(0))
		if got.Failure != c.failure || got.Status != c.status || string(got.Body) != c.body || !strings.Contains(got.Error, c.says) || (c.says == "") != (got.Error == "") {
			t.Errorf("%s: %q, status %d, body %.40q, error %q", c.endpoint, got.Failure, got.Status, got.Body, got.Error)
		}
		if got.ContentType != "" && c.failure != exchange.TooLarge {
			t.Errorf("%s: the wrapping's type %q is taken for the container's", c.endpoint, got.ContentType)
		}
		if got.Sent == 0 || !strings.Contains(string(got.Headers), "x-amzn-requestid") {
			t.Errorf("%s: sent %d, headers %s", c.endpoint, got.Sent, got.Headers)
		}
	}
}

// A request that SageMaker refuses as such went out, was answered and is paid for,
// maybe; one that was not sent is not. Without this, the ledger and the figure of
// requests would say that nothing was sent.
func TestWhatSageMakerRefusesWasSent(t *testing.T) {
	small := says(200, "{}")
	small.MaxPayload = 4
	sageMaker(t, map[string]*sagemakertest.Endpoint{"small": small})
	refused, unsent := recorded(0), recorded(1)
	unsent.Request.Method = "GET"
	s := newSender(t, Options{Target: "sagemaker://small"})
	rows, counts := replay(t, s, refused, unsent)
	for i, sent := range []bool{true, false} {
		if c := rows[i].Candidate; c.Failure != exchange.Unsendable || (c.Sent != 0) != sent {
			t.Errorf("%d: %q, sent %d", i, c.Failure, c.Sent)
		}
	}
	if p := s.Progress(); counts.Sent != 1 || p.Sent != 1 || counts.Failed["unsendable"] != 2 {
		t.Errorf("%+v, and on the way %d requests", counts, p.Sent)
	}
	proxy := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) })
	t.Setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", proxy.URL)
	if _, counts := replay(t, newSender(t, Options{Target: "sagemaker://small"}), refused); counts.Sent != 1 || counts.Failed["unsendable"] != 1 {
		t.Errorf("413 of something in between: %+v", counts)
	}
}

// hold keeps an instance busy until ctx ends.
func hold(t *testing.T, ctx context.Context, target string) {
	c, err := newClient(Options{Target: target, RunID: "holds"}.withDefaults())
	if err != nil {
		t.Error(err)
		return
	}
	defer c.close()
	e := recorded(0)
	c.send(ctx, &e, &exchange.Candidate{}, nil)
}

// Something in between, such as a proxy, answers in words of its own.
func TestSageMakerBehindAProxy(t *testing.T) {
	var status atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, "<html>no</html>")
	})
	awsEnvironment(t, server.URL)
	for code, want := range map[int]exchange.Failure{
		403: exchange.Auth, 407: exchange.Auth, 413: exchange.Unsendable, 429: exchange.Throttled, 502: exchange.Gateway, 503: exchange.NotReady, 302: exchange.Protocol, 418: exchange.Protocol,
	} {
		status.Store(int64(code))
		if got := ask(t, Options{Target: "sagemaker://any"}, recorded(0)); got.Failure != want || got.Status != 0 || !strings.Contains(got.Error, fmt.Sprint("status ", code)) {
			t.Errorf("%d: %q, status %d, %q", code, got.Failure, got.Status, got.Error)
		}
	}
}

// A connection that fails is told as over HTTP.
func TestSageMakerConnection(t *testing.T) {
	awsEnvironment(t, "http://127.0.0.1:1")
	if got := ask(t, Options{Target: "sagemaker://any"}, recorded(0)); got.Failure != exchange.Refused || got.Sent == 0 {
		t.Errorf("nobody there: %+v", got)
	}
	server := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	t.Setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", server.URL)
	if got := ask(t, Options{Target: "sagemaker://any"}, recorded(0)); got.Failure != exchange.Reset {
		t.Errorf("broken off: %+v", got)
	}
	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body) // or the server would not see that the client is gone
		<-r.Context().Done()
	})
	t.Setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", slow.URL)
	if got := ask(t, Options{Target: "sagemaker://any", Timeout: 50 * time.Millisecond}, recorded(0)); got.Failure != exchange.Timeout {
		t.Errorf("too slow: %+v", got)
	}
}

// Each attempt is the engine's to count: an SDK that asks again by itself would
// send more than the run says.
func TestSageMakerAsksOnce(t *testing.T) {
	var asked atomic.Int64
	e := &sagemakertest.Endpoint{Container: http.NotFoundHandler(), Fault: func() string { asked.Add(1); return "ServiceUnavailable" }}
	sageMaker(t, map[string]*sagemakertest.Endpoint{"down": e})
	t.Setenv("AWS_MAX_ATTEMPTS", "5")
	t.Setenv("AWS_RETRY_MODE", "adaptive")
	ask(t, Options{Target: "sagemaker://down"}, recorded(0))
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// What can't be said by InvokeEndpoint must not be sent as something else.
func TestSageMakerUnsendable(t *testing.T) {
	sageMaker(t, map[string]*sagemakertest.Endpoint{"mod-a": says(200, "{}")})
	change := func(f func(*exchange.Exchange)) exchange.Exchange {
		e := recorded(0)
		e.Model = "a"
		f(&e)
		return e
	}
	header := func(name, value string) func(*exchange.Exchange) {
		return func(e *exchange.Exchange) { e.Request.Headers = exchange.EncodeHeaders(http.Header{name: {value}}) }
	}
	for name, c := range map[string]struct {
		target string
		row    exchange.Exchange
		says   string
	}{
		"a GET":            {"mod-{model}", change(func(e *exchange.Exchange) { e.Request.Method = "GET" }), "by POST"},
		"too large":        {"mod-{model}", change(func(e *exchange.Exchange) { e.Request.Body = make([]byte, 4<<20+1) }), "4194305 bytes, and the endpoint takes 4194304"},
		"packed":           {"mod-{model}", change(header("Content-Encoding", "gzip")), "strips Content-Encoding"},
		"attributes":       {"mod-{model}", change(header(customAttributes, strings.Repeat("x", 1000))), "1,024 characters"},
		"type":             {"mod-{model}", change(header("Content-Type", "text/plain; x=é")), "visible ASCII"},
		"no such name":     {"mod-{model}", change(func(e *exchange.Exchange) { e.Model = "a_b" }), `"mod-a_b"`},
		"no model":         {"mod-a-{model}", change(func(e *exchange.Exchange) { e.Model = "" }), `"mod-a-"`},
		"no version":       {"mod-{model}?model={version}.tar.gz", change(func(e *exchange.Exchange) { e.ModelVersion = "" }), "{version}"},
		"out of its place": {"mod-a?model={model}/x", change(func(e *exchange.Exchange) { e.Model = "../secrets" }), "within its prefix"},
	} {
		if got := ask(t, Options{Target: "sagemaker://" + c.target}, c.row); got.Failure != exchange.Unsendable || !strings.Contains(got.Error, c.says) || got.Sent != 0 {
			t.Errorf("%s: %q, %q, sent %d", name, got.Failure, got.Error, got.Sent)
		}
	}
	fits := change(func(e *exchange.Exchange) { e.Request.Body = make([]byte, 4<<20) })
	if got := ask(t, Options{Target: "sagemaker://mod-{model}"}, fits); got.Status != 200 {
		t.Errorf("as large as may be: %+v", got)
	}
	if got := ask(t, Options{Target: "sagemaker://mod-{model}", MaxRequest: 3}, change(func(*exchange.Exchange) {})); got.Failure != exchange.Unsendable {
		t.Errorf("over a limit of one's own: %+v", got)
	}
}

// A mapping makes what a container wants of what was recorded, unpacked and small
// enough.
func TestSageMakerMapped(t *testing.T) {
	var got, kind string
	sageMaker(t, map[string]*sagemakertest.Endpoint{"e": container(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, kind = string(text), r.Header.Get("Content-Type")
	})})
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, `{"text":"hi"}`)
	w.Close()
	e := recorded(0)
	e.Request.Body = packed.Bytes()
	e.Request.Headers = exchange.EncodeHeaders(http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}})
	o := Options{Target: "sagemaker://e", MaxRequest: 20, Mapping: mapping.Set{Program: "{instances: [.text]}"}}
	if c := ask(t, o, e); c.Status != 200 || got != `{"instances":["hi"]}` || kind != "application/json" {
		t.Errorf("%+v: the container got %q as %q", c, got, kind)
	}
}

// The first request is a cold start's, and what comes of it depends on how long
// the service lets it wait.
func TestSageMakerColdStart(t *testing.T) {
	provisioned := make(chan struct{})
	e := says(200, "{}")
	e.Provision, e.Patience = func(context.Context) { <-provisioned }, -1
	sageMaker(t, map[string]*sagemakertest.Endpoint{"cold": e})
	if got := ask(t, Options{Target: "sagemaker://cold"}, recorded(0)); got.Failure != exchange.NotReady {
		t.Errorf("while it is provisioned: %+v", got)
	}
	e.Patience = 0 // waits
	close(provisioned)
	if got := ask(t, Options{Target: "sagemaker://cold"}, recorded(0)); got.Status != 200 {
		t.Errorf("once it is: %+v", got)
	}
}

// keys hands out temporary credentials as ECS and EKS do, a new key each time.
type keys struct {
	asked   atomic.Int64
	expires func() time.Time
}

func (k *keys) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"AccessKeyId": fmt.Sprint("ASIA", k.asked.Add(1)), "SecretAccessKey": "s", "Token": "t", "Expiration": k.expires().UTC().Format(time.RFC3339),
	})
}

// A run takes longer than credentials last: they must be renewed as they run out,
// and asked for anew when AWS no longer takes them.
func TestSageMakerCredentialsAreRenewed(t *testing.T) {
	r := sageMaker(t, map[string]*sagemakertest.Endpoint{"e": says(200, "{}")})
	k := &keys{expires: func() time.Time { return time.Now().Add(time.Second) }}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL)
	var oldest atomic.Int64 // what AWS still takes
	for i := range 20 {
		r.Keys[fmt.Sprint("ASIA", i)] = sagemakertest.Key{Secret: "s", Token: "t", Expired: func() bool { return int64(i) < oldest.Load() }}
	}
	c, err := newClient(Options{Target: "sagemaker://e", RunID: "r"}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	again := c.(*sageMakerClient).renewal
	again.pause = 0
	send := func() exchange.Candidate {
		var got exchange.Candidate
		e := recorded(0)
		c.send(t.Context(), &e, &got, nil)
		return got
	}
	// They end within the time at which they are renewed, so each request has its own.
	for range 3 {
		if got := send(); got.Status != 200 {
			t.Fatalf("got %+v", got)
		}
	}
	if n := k.asked.Load(); n < 3 {
		t.Errorf("credentials that end were asked for %d times", n)
	}
	// These last, they say; but AWS ends them before.
	k.expires = func() time.Time { return time.Now().Add(time.Hour) }
	if got := send(); got.Status != 200 {
		t.Fatalf("got %+v", got)
	}
	before := k.asked.Load()
	oldest.Store(before + 1)
	if got := send(); got.Failure != exchange.Auth || got.Status != 0 || !strings.Contains(got.Error, "ExpiredTokenException") {
		t.Errorf("ended early: %+v", got)
	}
	if got := send(); got.Status != 200 || k.asked.Load() != before+1 {
		t.Errorf("after that: %+v, asked %d times", got, k.asked.Load()-before)
	}
	// If AWS takes none at all, the chain is not asked for each request.
	again.pause = time.Hour
	before = k.asked.Load()
	oldest.Store(99)
	for range 3 {
		send()
	}
	if n := k.asked.Load() - before; n > 1 {
		t.Errorf("the chain was asked %d times for nothing", n)
	}
	again.pause = 0
	// And if there are none any more, that is a class too, and nothing hangs.
	send()
	server.Close()
	if got := send(); got.Failure != exchange.Auth || got.Error != "no AWS credentials could be renewed" {
		t.Errorf("none to be had: %+v", got)
	}
}

// What AWS does not let in is no answer of the container's.
func TestSageMakerAuth(t *testing.T) {
	r := sageMaker(t, map[string]*sagemakertest.Endpoint{"e": says(200, "{}")})
	r.Keys["AKIDPOOR"] = sagemakertest.Key{Secret: "poor", Denied: true}
	for id, want := range map[string]string{"AKIDGOOD": "InvalidSignatureException", "AKIDNONE": "UnrecognizedClientException", "AKIDPOOR": "AccessDeniedException"} {
		t.Setenv("AWS_ACCESS_KEY_ID", id)
		t.Setenv("AWS_SECRET_ACCESS_KEY", "poor")
		if got := ask(t, Options{Target: "sagemaker://e"}, recorded(0)); got.Failure != exchange.Auth || !strings.Contains(got.Error, want+", status 403") {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

// A night must not begin without credentials or a region, and one sentence says
// what to set.
func TestSageMakerWithoutCredentials(t *testing.T) {
	awsEnvironment(t, "http://127.0.0.1:1")
	t.Setenv("AWS_REGION", "")
	for target, want := range map[string]string{
		"sagemaker://e":                  "no AWS region: set AWS_REGION",
		"sagemaker://e?region=eu-west-1": "",
	} {
		if _, err := New(Options{Target: target, RunID: "r"}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := New(Options{Target: "sagemaker://e?region=eu-west-1", RunID: "r"})
	if err == nil || !strings.Contains(err.Error(), "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
