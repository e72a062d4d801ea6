// Package telemetry is how Parity tells people what it is doing: progress on
// long work, and logs. Both go to stderr; results go elsewhere.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// How often progress is shown.
const (
	liveEvery  = 200 * time.Millisecond // on a terminal, in place
	plainEvery = 10 * time.Second       // elsewhere, a line each
)

// Watch shows line's text now and then until stop is called, on w's last line
// where w is a terminal and as lines of their own elsewhere. stop waits for the
// last showing, so that w may be written to afterwards.
func Watch(w io.Writer, line func() string) (stop func()) {
	live := IsTerminal(w)
	every := plainEvery
	if live {
		every = liveEvery
	}
	done := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show(w, live, line())
			case <-done:
				if live {
					fmt.Fprint(w, clearLine)
				}
				return
			}
		}
	})
	return sync.OnceFunc(func() { close(done); shown.Wait() })
}

const clearLine = "\r\x1b[K"

func show(w io.Writer, live bool, text string) {
	if live {
		fmt.Fprint(w, clearLine, text)
		return
	}
	fmt.Fprintln(w, text)
}

// IsTerminal says whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Bar draws how much of a total is done, 20 characters wide.
func Bar(done, total int64) string {
	const width = 20
	filled := 0
	if total > 0 {
		filled = int(min(done, total) * width / total)
	}
	return strings.Repeat("█", filled) + strings.Repeat("░", width-filled)
}

// Logger writes structured lines of text. No body of an exchange belongs into
// a log.
func Logger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
