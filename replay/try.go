package replay

import (
	"context"

	"github.com/modelparity/parity/internal/exchange"
)

// Tried is one exchange that was sent to be looked at.
type Tried struct {
	// Request is what was sent: the recorded one, or what the mapping made of it.
	// Where that failed it is the recorded one, and the Candidate Unsendable.
	Request   exchange.Request
	Candidate exchange.Candidate
}

// Try sends exchanges one after the other, as a Sender with these options would,
// but once and without pace. Errors are those of Options.Validate, or ctx's.
func Try(ctx context.Context, o Options, exchanges []exchange.Exchange) ([]Tried, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	c, err := newAsking(o)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var all []Tried
	for i := range exchanges {
		t := tryOne(ctx, &o, c, &exchanges[i])
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func tryOne(ctx context.Context, o *Options, c client, e *exchange.Exchange) Tried {
	t := Tried{Request: e.Request}
	mapped := e
	_, err := c.endpoint(e)
	if err == nil {
		mapped, err = o.mapped(ctx, e)
	}
	if err != nil {
		t.Candidate.Failure, t.Candidate.Error = exchange.Unsendable, short(err.Error())
		return t
	}
	t.Request = mapped.Request
	c.send(ctx, mapped, &t.Candidate, nil)
	return t
}
