package replay

import (
	"bytes"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// largeBody is from how many bytes on a body counts as large: a request is in flight
// with few others (largeBytes), and an answer is read onto the disk. How many large
// answers come at the same time is not ours to say, and to let one wait would be to
// measure ourselves.
const largeBody = 256 << 10

// overflow takes the body of a large answer while it is read.
type overflow struct {
	spill *spill
	place stored // where the body lies; nowhere if it is in memory
	head  []byte // how it begins
	err   error  // of this machine, not of the endpoint
}

// ours keeps err if it is no failure of the endpoint's. There is no overflow where
// nothing is kept of what comes.
func (o *overflow) ours(err error) {
	if o != nil && isOurs(err) {
		o.err = fmt.Errorf("connect to the endpoint: %w", err)
	}
}

// receive takes a body of at most most bytes. It leaves no place where not all of
// it came.
func (o *overflow) receive(body io.Reader, most int64) (size int64, err error) {
	at, err := o.spill.reserve(most)
	if err != nil {
		o.err = err
		return 0, err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if size == 0 {
			o.head = bytes.Clone(buf[:min(n, exchange.MaxAttemptBody)])
		}
		if n > 0 {
			if o.err = o.spill.write(buf[:n], at+size); o.err != nil {
				return size, o.err
			}
			size += int64(n)
		}
		switch {
		case err == io.EOF:
			o.place = stored{offset: at, body: int(size)}
			return size, nil
		case err != nil:
			return size, err
		}
	}
}
