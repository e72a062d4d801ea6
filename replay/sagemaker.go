package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"github.com/modelparity/parity/internal/exchange"
)

// What an Options field means where it is zero and the target is SageMaker's.
const (
	// DefaultSageMakerTimeout outlasts the 60 s that a container may take, as AWS
	// advises.
	DefaultSageMakerTimeout = 70 * time.Second
	// DefaultMaxRequest is what a serverless endpoint takes.
	DefaultMaxRequest = 4 << 20
)

// sageMakerClient calls InvokeEndpoint. The SDK signs and reads errors; when to
// ask again is not its to decide, so its retries are off.
type sageMakerClient struct {
	options   Options
	target    *sageMakerTarget
	transport *http.Transport
	api       *sagemakerruntime.Client
	renewal   *renewal
	owners    owners
}

// newSageMakerClient looks for credentials, so that a lack of them is said before
// anything is sent.
func newSageMakerClient(o Options) (*sageMakerClient, error) {
	t, err := parseSageMakerTarget(o.Target, o.Names)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookup)
	defer cancel()
	cfg, credentials, err := awsConfig(ctx, t.region)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", o.Target, err)
	}
	api := sagemakerruntime.NewFromConfig(cfg, func(s *sagemakerruntime.Options) { s.Retryer = aws.NopRetryer{} })
	return &sageMakerClient{options: o, target: t, transport: newTransport(o), api: api, renewal: &renewal{cache: credentials, pause: 5 * time.Second}}, nil
}

func (s *sageMakerClient) endpoint(e *exchange.Exchange) (string, error) {
	d, err := s.target.destination(e)
	if err == nil {
		err = s.owners.check(s.target, e.Model, d)
	}
	return d.String(), err
}

func (s *sageMakerClient) connections() *pool { return nil }

func (s *sageMakerClient) close() { s.transport.CloseIdleConnections() }

// send calls InvokeEndpoint and fills in c: what the container answered, unwrapped
// where SageMaker had wrapped it, or a class of failure. Where SageMaker answered
// in the container's place there is no status, as no container gave one; headers
// stay, as they name the request to AWS. Times are as over HTTP, and the renewal
// of credentials is in none.
func (s *sageMakerClient) send(ctx context.Context, e *exchange.Exchange, c *exchange.Candidate, o *overflow) {
	call, err := s.target.invocation(s.options, e)
	if most := s.options.MaxRequest; err == nil && int64(len(e.Request.Body)) > most {
		err = fmt.Errorf("the body has %d bytes, and the endpoint takes %d", len(e.Request.Body), most)
	}
	if err != nil {
		c.Failure, c.Error = exchange.Unsendable, short(err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	w := &wire{transport: s.transport, body: e.Request.Body, limit: s.options.MaxBody, overflow: o, start: time.Now()}
	_, err = s.api.InvokeEndpoint(ctx, call.input(e.Request.Body), func(o *sagemakerruntime.Options) { o.HTTPClient = w })
	s.outcome(w, err, c)
	if !w.used && c.Failure == exchange.Unsendable {
		return // nothing went out
	}
	c.Sent = exchange.At(w.start)
	if c.Due == 0 {
		c.Due = c.Sent
	}
	c.LatencyUS, c.FirstByteUS = w.latency.Microseconds(), w.firstByte.Load()
}

// outcome reads what came of a call.
func (s *sageMakerClient) outcome(w *wire, err error, c *exchange.Candidate) {
	c.Answer = w.answer
	c.Delivery = exchange.Delivery{Variant: w.header.Get("X-Amzn-Invoked-Production-Variant"), Attempts: w.again.attempts}.String()
	switch {
	case err == nil:
	case errors.Is(err, errCredentials):
		c.Failure, c.Error = exchange.Auth, short(errCredentials.Error()+" could be renewed")
	case !w.used && errors.Is(err, context.DeadlineExceeded):
		c.Failure, c.Error = exchange.Timeout, "no AWS credentials in time"
	case !w.used:
		c.Failure, c.Error = exchange.Unsendable, short(err.Error())
	case w.err != nil:
		if w.answer.Status != http.StatusOK {
			c.Status = 0
		}
		c.Failure, c.Error = classify(w.err), short(words(w.err))
		w.overflow.ours(w.err)
	default:
		refusal(w, err, c)
		if c.Failure == exchange.Auth {
			s.renewal.ask() // so that what was renewed meanwhile is found
		}
	}
}

// wire is one request of the SDK's on its way. It keeps the answer as it came, and
// when.
type wire struct {
	transport *http.Transport
	body      []byte
	limit     int64
	overflow  *overflow

	used      bool
	start     time.Time
	latency   time.Duration
	again     resent
	firstByte atomic.Int64 // µs; atomic, as the transport's reader may call late
	header    http.Header
	answer    exchange.Answer
	err       error // of the transport or of the answer's body
}

// Do sends the signed request. The SDK reads errors; a good answer it would copy,
// so it is shown an empty one.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	w.used, w.start = true, time.Now()
	defer func() { w.latency = time.Since(w.start) }()
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), w.again.traced(&httptrace.ClientTrace{
		GotFirstResponseByte: func() { w.firstByte.Store(time.Since(w.start).Microseconds()) },
	})))
	// With GetBody the transport sends again where an idle connection turns out to
	// be closed before anything was written.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(w.body)), nil }
	res, err := w.transport.RoundTrip(req)
	w.again.round(w.start)
	if err == nil {
		w.header = res.Header
		o := w.overflow
		if res.StatusCode != http.StatusOK {
			o = nil // the SDK reads it
		}
		err = readAnswer(res, w.limit, &w.answer, o)
	}
	if w.err = err; err != nil {
		return nil, err
	}
	res.Body = http.NoBody
	if res.StatusCode != http.StatusOK {
		res.Body = io.NopCloser(bytes.NewReader(w.answer.Body))
	}
	return res, nil
}
