package capture

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// The types of the CloudEvents that KServe's logger sends: one with a request, one
// with the answer to it, both with one id. It sends them from several workers, so
// that either may come first, and none of an answer that is not 200. Neither has
// the request's path or the answer's status, and the answer is declared to be of
// the request's type (kserve, pkg/logger/handler.go and worker.go).
const (
	requestEvent  = "org.kubeflow.serving.inference.request"
	responseEvent = "org.kubeflow.serving.inference.response"
)

// pairWait is how long the one half of an exchange waits for the other: longer than
// a model may take to answer.
const pairWait = 5 * time.Minute

// pairs puts events together.
type pairs struct {
	sidecar *Sidecar
	wait    time.Duration // pairWait, but in tests

	mu     sync.Mutex
	halves map[string]*half
	bytes  int64 // of the bodies that wait
}

// half is the one event of a pair.
type half struct {
	request bool
	at      time.Time
	record  record
	expire  *time.Timer
}

func newPairs(s *Sidecar) *pairs {
	return &pairs{sidecar: s, wait: pairWait, halves: map[string]*half{}}
}

// event takes one event in the binary mode of the HTTP binding (CloudEvents 1.0):
// attributes in headers, the data in the body.
func (p *pairs) event(w http.ResponseWriter, r *http.Request) {
	kind, id := r.Header.Get("Ce-Type"), r.Header.Get("Ce-Id")
	if kind != requestEvent && kind != responseEvent || id == "" {
		http.Error(w, "parity capture: send lines to /v1/exchanges, or here events of KServe's logger in binary mode (Ce-Type and Ce-Id)", http.StatusBadRequest)
		return
	}
	max := p.sidecar.opt.MaxBody
	body, err := io.ReadAll(io.LimitReader(r.Body, max+1))
	if err != nil {
		http.Error(w, "parity capture: "+err.Error(), http.StatusBadRequest)
		return
	}
	h := &half{request: kind == requestEvent, at: eventTime(r.Header)}
	h.record.header = r.Header
	c := copied{data: body[:min(int64(len(body)), max)], seen: int64(len(body)), ended: true}
	if h.request {
		h.record.request = c
	} else {
		h.record.response = c
	}
	if !p.add(id, h) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "parity capture: the recorder is behind", http.StatusServiceUnavailable)
	}
}

// eventTime is when an event was sent, if it says so.
func eventTime(h http.Header) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, h.Get("Ce-Time")); err == nil {
		return t
	}
	return time.Now()
}

// add puts an event to its other half, or keeps it. False: there is no room.
func (p *pairs) add(id string, h *half) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	other := p.halves[id]
	if other != nil && other.request != h.request {
		request, response := h, other
		if other.request {
			request, response = other, h
		}
		if !p.sidecar.queue.offer(pairOf(request, response)) {
			return false
		}
		p.forget(id, other)
		return true
	}
	if other != nil { // the same event again: it was sent twice
		return true
	}
	size := h.record.size()
	if p.bytes+size > p.sidecar.opt.QueueBytes {
		return false
	}
	p.bytes += size
	p.halves[id] = h
	h.expire = time.AfterFunc(p.wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.halves[id] == h {
			p.giveUp(id, h)
		}
	})
	return true
}

func (p *pairs) forget(id string, h *half) {
	h.expire.Stop()
	p.bytes -= h.record.size()
	delete(p.halves, id)
}

// giveUp records a request as one without an answer, and drops an answer.
func (p *pairs) giveUp(id string, h *half) {
	p.forget(id, h)
	if h.request {
		p.sidecar.queue.put(pairOf(h, nil))
	} else {
		p.sidecar.ledger.drop(unpaired)
	}
}

// end gives up all that waits.
func (p *pairs) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, h := range p.halves {
		p.giveUp(id, h)
	}
}

// pairOf is the exchange of two events; of one where no answer came.
func pairOf(request, response *half) *record {
	h := request.record.header
	e := &exchange.Exchange{
		Time: exchange.At(request.at), Model: h.Get("Ce-Inferenceservicename"), SamplingProbability: 1,
		Request: exchange.Request{
			SourceID: exchange.Clean(h.Get("Ce-Id")), Method: http.MethodPost, Path: "/",
			ContentType: exchange.Clean(h.Get("Content-Type")), Body: request.record.request.data,
			Headers: exchange.EncodeHeaders(http.Header{"Content-Type": h.Values("Content-Type")}),
		},
		Defect: exchange.NoAnswer,
	}
	if e.Model == "" {
		e.Model = exchange.UnknownModel
	}
	if response != nil {
		a, c := &e.Reference, &response.record.response
		e.Defect, a.Status, a.Body, a.ContentType = "", http.StatusOK, c.data, e.Request.ContentType
		a.Headers = e.Request.Headers
		a.LatencyUS = max(0, response.at.Sub(request.at).Microseconds())
		switch {
		case request.record.request.cut():
			e.Defect = exchange.RequestTruncated
		case c.cut():
			e.Defect = exchange.ResponseTruncated
		}
	}
	return &record{given: e, arrival: request.at, header: h, request: request.record.request}
}
