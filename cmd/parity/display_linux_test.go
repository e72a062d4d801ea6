package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/modelparity/parity/internal/telemetry/terminaltest"
)

// display is parity on a terminal, whose target answers some requests, and the
// others when release is called.
func display(t *testing.T, width, height int, env ...string) (p *process, tty *terminaltest.Pty, release func()) {
	t.Helper()
	recording := makeRecording(t, 100, 20)
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	var asked atomic.Int64
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 60 {
			<-gate
		}
		answerBack(10)(w, r)
	})
	tty = terminaltest.Open(t, width, height)
	p = &process{Cmd: exec.Command("parity", "replay", recording, "--target", target.URL+"/{model}/x", "--out", filepath.Join(t.TempDir(), "run"), "--compare", "--concurrency", "4"), ended: make(chan struct{})}
	p.Stderr, p.Env = tty.TTY, append(os.Environ(), env...)
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.Wait(); close(p.ended) }()
	t.Cleanup(func() { p.Process.Kill(); <-p.ended; release() })
	return p, tty, release
}

// shows waits for all of these to be on the screen at once.
func shows(t *testing.T, tty *terminaltest.Pty, wants ...string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(tty.String())
		}
	}()
	waitUntil(t, strings.Join(wants, " and "), func() bool {
		screen := tty.String()
		for _, want := range wants {
			if !strings.Contains(screen, want) {
				return false
			}
		}
		return true
	})
}

// Without this, the display could bury what people have on their terminal, stay
// there after the end, or break when the window is dragged.
func TestDisplayOnATerminal(t *testing.T) {
	p, tty, release := display(t, 100, 30)
	shows(t, tty, "░  60.0%  60 of 100   ", "4 in flight; splits: ", " of 5 committed\n", "\njudged ", "\nslowest    of ", "model-2 ", " ms  ")
	tty.Resize(t, 50, 30)
	shows(t, tty, "4 in flight; splits: ", "\nreplay      60.0%  60 of 100   ")
	tty.Resize(t, 100, 30)
	shows(t, tty, "░  60.0%  60 of 100   ")
	release()
	<-p.ended
	screen := tty.Hangup()
	for line := range strings.Lines(strings.TrimSuffix(screen, "\n")) {
		if !strings.HasPrefix(line, "replay: ") && !strings.HasPrefix(line, "compare: ") && !strings.HasPrefix(line, "/") && strings.Contains(line, "  ") {
			t.Errorf("%q stays on the terminal:\n%s", line, screen)
		}
	}
	if !strings.Contains(strings.ReplaceAll(screen, "\n", ""), "planned 100 = answered 100 + failed 0 + skipped 0") || !strings.Contains(screen, "10 mismatches") || !p.ProcessState.Success() {
		t.Errorf("%v\n%s", p.ProcessState, screen)
	}
}

// Without this, an interrupt would leave half a display before the prompt.
func TestDisplayAfterAnInterrupt(t *testing.T) {
	p, tty, _ := display(t, 100, 30)
	shows(t, tty, "4 in flight; splits: ")
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	screen := tty.Hangup()
	if p.ProcessState.ExitCode() != exitInterrupted || strings.Contains(screen, "in flight; splits: ") || !strings.HasSuffix(screen, "goes on from there\n") ||
		!strings.Contains(screen, "\nreplay: not complete: ") {
		t.Errorf("%v\n%s", p.ProcessState, screen)
	}
}

// A terminal that can't move its cursor gets lines.
func TestNoDisplayOnADumbTerminal(t *testing.T) {
	p, tty, release := display(t, 200, 30, "TERM=dumb")
	shows(t, tty, "planned exchanges to send")
	release()
	<-p.ended
	if screen := tty.Hangup(); strings.Contains(screen, "█") || strings.Contains(screen, "does not know") || !strings.Contains(screen, "planned 100 = answered 100") {
		t.Error(screen)
	}
}
