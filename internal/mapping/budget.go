package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// budget is what one call may spend. It is the context that the program runs
// under: gojq asks Done before each instruction, which is what counts them. So
// a program stops at the same place everywhere, where a timer would stop it
// anywhere; the clock and the caller's context are looked at now and then.
type budget struct {
	caller   context.Context
	deadline time.Time
	left     int
	err      error // why the program must stop; a program can't catch this
}

const (
	maxTime   = 5 * time.Second
	lookEvery = 1024 // instructions
)

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func newBudget(caller context.Context) *budget {
	return &budget{caller: caller, deadline: time.Now().Add(maxTime), left: maxSteps}
}

// Done is closed when the program must stop.
func (b *budget) Done() <-chan struct{} {
	if b.left--; b.left%lookEvery == 0 || b.left < 0 {
		b.look()
	}
	if b.err != nil {
		return closed
	}
	return nil // a nil channel is never ready
}

// look stops the program if its steps or its time are spent or its caller gone.
func (b *budget) look() {
	switch {
	case b.err != nil:
	case b.caller.Err() != nil:
		b.err = b.caller.Err()
	case b.left < 0:
		b.err = fmt.Errorf("%w: more than %d steps", ErrTimeout, maxSteps)
	case time.Now().After(b.deadline):
		b.err = fmt.Errorf("%w: more than %s", ErrTimeout, maxTime)
	}
}

func (b *budget) Deadline() (time.Time, bool) { return b.deadline, true }
func (b *budget) Err() error                  { return b.err }
func (b *budget) Value(any) any               { return nil }

// explain makes an error of this package's of what a program ended with.
func (b *budget) explain(err error) error {
	if b.err != nil {
		return b.err
	}
	// The text of error(value) would be all of the value, however large.
	var thrown gojq.ValueError
	if errors.As(err, &thrown) {
		if text, ok := thrown.Value().(string); ok {
			return fmt.Errorf("%w: %s", ErrProgram, cut(text))
		}
		return fmt.Errorf("%w: %s", ErrProgram, gojq.Preview(thrown.Value()))
	}
	return fmt.Errorf("%w: %s", ErrProgram, cut(err.Error()))
}

// cut shortens what a program says, at the border of a character.
func cut(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}
