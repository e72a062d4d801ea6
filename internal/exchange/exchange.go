// Package exchange holds the one record that all of Parity is about: a
// request, the old system's answer to it, and later the candidate's answer
// and the verdict. It also says how such records travel between packages
// (Source, Sink, Batch) and which columns they have at rest (Columns), so
// that the verbs need to know neither Parquet nor S3.
//
// It imports nothing but the standard library.
package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Timestamp is a point in time in microseconds since 1970-01-01 UTC, the
// resolution that every dataset stores. 0 means unknown.
type Timestamp int64

// At converts t, cutting it to microseconds.
func At(t time.Time) Timestamp { return Timestamp(t.UnixMicro()) }

// Time converts back, in UTC.
func (t Timestamp) Time() time.Time { return time.UnixMicro(int64(t)).UTC() }

// Exchange is one request and the answers to it, as raw bytes. Which parts are
// filled in depends on the dataset and on the Sides that were read.
type Exchange struct {
	ID           ID
	Time         Timestamp // when the request arrived at the old system
	Model        string
	ModelVersion string // of the reference; "" where the recorder knows none
	RequestHash  int64  // see HashRequest; equal for repeated requests
	Defect       Defect // why this exchange can't be judged; "" if it can

	// SamplingProbability is how probable it was that the request would be
	// recorded, above 0 and at most 1; 1 where everything is. A dataset stores 0 as 1.
	SamplingProbability float64

	Request   Request
	Reference Answer // the old system's
	Origin    string // what select made it of: see the type Origin; "" where it is as it was recorded
	Candidate Candidate
	Verdict   Verdict
}

// Request is a request as it was on the wire. Bodies are never decoded.
type Request struct {
	SourceID    string // what the caller called it (X-Request-Id, an import's id)
	Method      string
	Path        string // with the raw query
	Headers     []byte // EncodeHeaders
	ContentType string
	Body        []byte
}

// Answer is what a server said. Status is 0 where none came; Failure says why.
type Answer struct {
	Status      int64
	Failure     Failure
	Headers     []byte // EncodeHeaders
	ContentType string
	Body        []byte
	Hash        int64 // see HashAnswer; 0 where nobody computed it
	FirstByteUS int64 // microseconds from sending to the first byte of the answer
	LatencyUS   int64 // microseconds from sending to the last byte
}

// Candidate is the answer of the new endpoint, and how it came about.
type Candidate struct {
	Answer
	Error    string    // the failure in words
	Delivery string    // see the type Delivery; "" where there is nothing to say
	Due      Timestamp // when the pace wanted it sent
	Sent     Timestamp // when it was sent
}

// Verdict is what a judgement said of a pair; it is part of mismatch sets only.
type Verdict struct {
	Kind   string // "mismatch"
	Deltas []byte // JSON array of deltas
}

// Signatures lists those of the deltas that are no noise, repeats included. An
// error means that the deltas can't be read, or are of before each had its own.
func (v *Verdict) Signatures() ([]string, error) {
	var deltas []struct {
		Signature string
		Noise     bool
	}
	if err := json.Unmarshal(v.Deltas, &deltas); err != nil {
		return nil, fmt.Errorf("read deltas: %w", err)
	}
	var list []string
	for _, d := range deltas {
		switch {
		case d.Signature == "":
			return nil, errors.New("its deltas have no signatures: an earlier version of parity judged it; move the judgement away and `parity compare` again")
		case !d.Noise:
			list = append(list, d.Signature)
		}
	}
	return list, nil
}

// Defect says why an exchange can be neither replayed nor judged. It is set
// when the exchange is recorded; replay and compare count such rows as skipped.
type Defect string

// The defects of a recorded exchange.
const (
	RequestTruncated  Defect = "request_truncated"  // the request body was over the recording limit
	ResponseTruncated Defect = "response_truncated" // the answer was over the recording limit, or cut off
	NoAnswer          Defect = "no_answer"          // the old system did not answer
	Redacted          Defect = "redacted"           // what a replay needs was hidden
)

var defects = []Defect{RequestTruncated, ResponseTruncated, NoAnswer, Redacted}

// Failure is the class of an exchange that got no usable answer. A failure is
// data: it is recorded and counted like any answer.
type Failure string

// The classes of failure. Refused to Protocol are found when sending;
// Throttled, NotReady, Gateway and Auth are read off an answer's status, or off
// what SageMaker says in the endpoint's place.
const (
	Refused      Failure = "refused"       // nobody listens
	Reset        Failure = "reset"         // the connection broke before the answer was whole
	Timeout      Failure = "timeout"       // no whole answer in time
	DNS          Failure = "dns"           // the name does not resolve
	TLS          Failure = "tls"           // no trusted connection
	Canceled     Failure = "canceled"      // the caller went away first
	Protocol     Failure = "protocol"      // what came is not HTTP
	TooLarge     Failure = "too_large"     // the answer was over the limit and is not kept whole
	Throttled    Failure = "throttled"     // 429
	NotReady     Failure = "not_ready"     // 503
	Gateway      Failure = "gateway"       // 502, 504: something in between answered
	Auth         Failure = "auth"          // 401, 403, 407
	EndpointDown Failure = "endpoint_down" // not sent, because its endpoint had stopped answering
	NoEndpoint   Failure = "no_endpoint"   // the target has no endpoint of this name
	Unsendable   Failure = "unsendable"    // the recorded request is no HTTP, or the target has no place for it: not sent, or refused as such (Sent is not 0)
	Skipped      Failure = "skipped"       // not sent, because the exchange has a Defect
)
