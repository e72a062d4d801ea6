package capture

import (
	"fmt"
	"runtime/debug"
)

// panicError is a panic as an error. One in the recorder's goroutines would
// end the process, and with it live traffic.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// guard returns what f returns, or a panicError.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	return f()
}
