package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a proxy that runs. Without a command it is the server itself, whose
// cost is nobody's.
type process struct {
	address string
	cmd     *exec.Cmd
	said    *bytes.Buffer
	ended   chan struct{}
	failed  error
	took    time.Duration // CPU of all its life, user and system, once it has ended
	peak    int64         // KiB
}

// wait follows the process to its end. The kernel's figure for a child that has
// ended would count the memory of whoever started it, so it is looked at before.
func (p *process) wait() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.failed = p.cmd.Wait()
	}()
	for {
		p.peak = max(p.peak, peakOf(p.cmd.Process.Pid))
		select {
		case <-done:
			p.took = p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
			close(p.ended)
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// peakOf reads a process's peak resident set, in KiB; 0 where it has gone.
func peakOf(pid int) (kib int64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fmt.Sscan(rest, &kib)
	return kib
}

func (p *process) reachable() error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", p.address); err == nil {
			return c.Close()
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%v: %w\n%s", p.cmd.Args, p.failed, p.said)
		default:
		}
	}
	return fmt.Errorf("%v can't be reached", p.cmd.Args)
}

// cpu is what the process took until now, to the nanosecond.
func (p *process) cpu() time.Duration {
	if p.cmd == nil {
		return 0
	}
	var t unix.Timespec
	clock := int32(^p.cmd.Process.Pid<<3 | 2) // of a whole process: clock_getcpuclockid(3)
	if unix.ClockGettime(clock, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// end lets the process end in order, with all that it still has to do. That a
// signal ended it, which it did not handle, is no failure.
func (p *process) end() error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.ended
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if p.failed != nil && !status.Signaled() {
		return fmt.Errorf("%v: %w\n%s", p.cmd.Args, p.failed, p.said)
	}
	return nil
}

func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill() // it has ended, most likely
		<-p.ended
	}
}
