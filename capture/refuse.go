package capture

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// refused is why a request was not passed on.
type refused int

const (
	malformedHead    refused = iota // net/http's server can't read it
	headTooLarge                    // over maxHeadBytes
	transferCoding                  // another than chunked
	httpVersion                     // neither 1.x nor 2
	expectation                     // another than 100-continue
	ambiguousFraming                // where its body ends can be read in two ways
	badChunk                        // its body is no chunks
	connect                         // it asks for a tunnel
	refusedReasons
)

// maxHeadBytes is how large the head of a request or of an answer may be.
const maxHeadBytes = 1 << 20

var refusedNames = [refusedReasons]string{
	"malformed", "head_too_large", "transfer_coding", "http_version", "expectation", "ambiguous_framing", "bad_chunk", "connect",
}

// RefusalReasons are the keys that Sidecar.Refused may have.
func RefusalReasons() []string { return refusedNames[:] }

func (w refused) String() string { return refusedNames[w] }

// status is what the client gets for it.
func (w refused) status() int {
	if w == connect {
		return http.StatusNotImplemented
	}
	return http.StatusBadRequest
}

// refusals counts by reason.
type refusals [refusedReasons]atomic.Int64

func (r *refusals) add(why refused) { r[why].Add(1) }

// counts lists the reasons that there were; nil where none.
func (r *refusals) counts() map[string]int64 {
	var counts map[string]int64
	for why := range r {
		if n := r[why].Load(); n > 0 {
			if counts == nil {
				counts = map[string]int64{}
			}
			counts[refused(why).String()] = n
		}
	}
	return counts
}

// answered counts a request that net/http's server refused itself, by the
// status that it said.
func (r *refusals) answered(status string) {
	why, ok := map[string]refused{
		"400": malformedHead, "431": headTooLarge, "501": transferCoding, "505": httpVersion, "417": expectation,
	}[status]
	if ok {
		r.add(why)
	}
}

// refusal says why r can't be passed on.
func refusal(r *http.Request) (refused, bool) {
	if c, ok := r.Context().Value(watchedKey{}).(*watched); ok && c.serving() {
		return ambiguousFraming, true
	}
	return connect, r.Method == http.MethodConnect
}

// malformed says that reading a request's body failed by what it holds, and not
// because the client has gone.
func malformed(err error) bool {
	var network net.Error
	return !errors.As(err, &network) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, http.ErrBodyReadAfterClose)
}
