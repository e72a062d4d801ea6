package terminaltest

import (
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Pty is a terminal for a process.
type Pty struct {
	*Screen
	TTY    *os.File // the process's
	master *os.File
	shown  chan struct{}
}

// Open makes one that is closed with the test.
func Open(t testing.TB, width, height int) *Pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	p := &Pty{Screen: New(width, height), master: master, shown: make(chan struct{})}
	if err := unix.IoctlSetPointerInt(p.fd(), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(p.fd(), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if p.TTY, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.TTY.Close() })
	p.Resize(t, width, height)
	go func() { io.Copy(p.Screen, master); close(p.shown) }() // ends with an error when the last process has closed it
	return p
}

// Resize is what happens when a window is dragged.
func (p *Pty) Resize(t testing.TB, width, height int) {
	t.Helper()
	p.Screen.Resize(width, height)
	if err := unix.IoctlSetWinsize(p.fd(), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(width), Row: uint16(height)}); err != nil {
		t.Fatal(err)
	}
}

// Hangup waits for all that was written, after which the test has no terminal.
func (p *Pty) Hangup() string {
	p.TTY.Close()
	<-p.shown
	return p.String()
}

func (p *Pty) fd() int { return int(p.master.Fd()) }
