package compare

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"

	"github.com/modelparity/parity/internal/exchange"
)

// maxRequests is how many different requests are told apart: some 50 MB.
const maxRequests = 1 << 19

// Requests finds out which requests were asked more than once. Of more than
// maxRequests it looks at those whose hashes end in zeros, which are a fair
// sample and do not depend on the order in which they come.
type Requests struct {
	seen map[asked]request
	most int    // maxRequests, but in tests
	mask uint64 // the bits of a hash that must be 0
}

// asked is a request to one version of the old model: another version may answer
// otherwise, which is no noise.
type asked struct {
	request int64
	version string
}

func askedOf(e *exchange.Exchange) asked { return asked{e.RequestHash, e.ModelVersion} }

// request is the old system's first answer to a request, as far as it is known
// without its body, and what came after it.
type request struct {
	hash, status int64
	contentType  string
	again        bool // it was asked again
	differ       bool // and its answers are not all the same bytes, declared alike
}

// NewRequests returns an empty one.
func NewRequests() *Requests {
	return &Requests{seen: map[asked]request{}, most: maxRequests}
}

// Read looks at a split. src needs the reference side, without bodies and headers.
func (r *Requests) Read(ctx context.Context, src exchange.Source, sel exchange.Selection) error {
	c := cursor{source: src}
	for {
		e, err := c.read(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the recording after row %d: %w", c.row, err)
		}
		if sel.Match(e) && e.Defect == "" && e.Reference.Status != 0 {
			a := &e.Reference
			stands, err := e.Stands()
			if err != nil {
				return fmt.Errorf("exchange %s: %w", e.ID, err)
			}
			r.add(askedOf(e), request{hash: a.Hash, status: a.Status, contentType: a.ContentType, again: stands > 1})
		}
	}
}

// Merge adds all of o.
func (r *Requests) Merge(o *Requests) {
	if o.mask > r.mask {
		r.narrow(o.mask)
	}
	for key, req := range o.seen {
		r.add(key, req)
	}
}

// Empty says that no request was asked more than once.
func (r *Requests) Empty() bool {
	for _, req := range r.seen {
		if req.again {
			return false
		}
	}
	return true
}

func (r *Requests) add(key asked, req request) {
	if uint64(key.request)&r.mask != 0 {
		return
	}
	if first, ok := r.seen[key]; ok {
		other := first.hash != req.hash || first.hash == 0 || first.status != req.status || first.contentType != req.contentType
		first.again, first.differ = true, first.differ || req.differ || other
		r.seen[key] = first
		return
	}
	r.seen[key] = req
	for len(r.seen) > r.most && r.mask != math.MaxUint64 { // one request may have many versions
		r.narrow(r.mask<<1 | 1)
	}
}

func (r *Requests) narrow(mask uint64) {
	r.mask = mask
	maps.DeleteFunc(r.seen, func(key asked, _ request) bool { return uint64(key.request)&mask != 0 })
}

// repeated says whether the exchange's request was asked more than once, and
// whether its answers differ.
func (r *Requests) repeated(e *exchange.Exchange) (again, differ bool) {
	req := r.seen[askedOf(e)]
	return req.again, req.differ
}
