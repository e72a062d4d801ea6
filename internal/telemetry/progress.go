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

// Watch shows line's text now and then until stop is called: in place where w is
// a terminal, as lines of their own elsewhere. stop waits for the last showing,
// so that w may be written to afterwards; nothing stays on a terminal.
func Watch(w io.Writer, line func() string) (stop func()) {
	return WatchLines(w, func(int, int) []string { return []string{line()} }, line)
}

// WatchLines is Watch with several lines where w is a terminal: lines are those
// that are to be shown on one of that width and height, in columns and rows. What
// does not fit is cut off. lines may be nil, for a terminal that can't do that.
func WatchLines(w io.Writer, lines func(width, height int) []string, line func() string) (stop func()) {
	every, show, end := plainEvery, func() { fmt.Fprintln(w, line()) }, func() {}
	if lines != nil && IsTerminal(w) {
		var b block
		every = liveEvery
		show = func() {
			width, height := size(w)
			io.WriteString(w, b.draw(lines(width, height), width, height))
		}
		end = func() {
			width, height := size(w)
			io.WriteString(w, b.draw(nil, width, height))
		}
	}
	done := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show()
			case <-done:
				end()
				return
			}
		}
	})
	return sync.OnceFunc(func() { close(done); shown.Wait() })
}

// IsTerminal says whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// size is that of the terminal w, now. One that does not say is taken for an old
// one.
func size(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		width, height, _ = term.GetSize(int(f.Fd()))
	}
	if width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
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
