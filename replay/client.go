package replay

import (
	"context"

	"github.com/modelparity/parity/internal/exchange"
)

// client asks the endpoints of one target. It counts nothing, waits for nothing
// and asks once: when to ask, and whether to ask again, is the Sender's.
type client interface {
	// endpoint names where e goes. Endpoints fail and slow down by themselves, so
	// what one does is no matter of another's. An error says why e can't be sent.
	endpoint(e *exchange.Exchange) (string, error)
	// send asks for e once and fills in c: the answer, or the class of failure,
	// which is Unsendable where e can't be asked so. It keeps c.Due and sets c.Sent,
	// unless nothing went out. Bytes of e may be read until the context ends.
	// What is large of the answer's body may go to o instead, unless o is nil.
	send(ctx context.Context, e *exchange.Exchange, c *exchange.Candidate, o *overflow)
	// connections are those that requests share one after the other, where it is known
	// what comes on them; nil otherwise.
	connections() *pool
	close()
}

func newClient(o Options) (client, error) {
	c, err := newAsking(o)
	if err == nil && !o.Mapping.None() {
		c = &mapper{client: c, options: o}
	}
	return c, err
}

func newAsking(o Options) (client, error) {
	if IsSageMaker(o.Target) {
		return newSageMakerClient(o)
	}
	t, err := parseTarget(o.Target)
	if err != nil {
		return nil, err
	}
	if err := t.fillIn(o.Variables); err != nil {
		return nil, err
	}
	return newHTTPClient(o, t), nil
}
