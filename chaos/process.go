package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a parity that may be killed.
type process struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr bytes.Buffer
	ended  chan struct{}
}

func (r *round) start(args ...string) (*process, error) {
	p := &process{cmd: exec.Command(r.parity, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = r.dir, append(os.Environ(), r.place.env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.ended) }()
	return p, nil
}

// patience is how long anything may take: what takes longer hangs.
const patience = 90 * time.Second

// wait is the exit code; what hangs is told to say where, and is an error.
func (p *process) wait(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
	case <-time.After(patience):
		p.cmd.Process.Signal(syscall.SIGQUIT)
	}
	p.killSoon()
	<-p.ended
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("parity %v hangs\n%s", p.cmd.Args[1:], p.tail())
}

func (p *process) killSoon() {
	select {
	case <-p.ended:
	case <-time.After(time.Second):
		p.cmd.Process.Kill()
	}
}

// kill ends it with -9; false where it had ended before.
func (p *process) kill() bool {
	select {
	case <-p.ended:
		return false
	default:
	}
	p.cmd.Process.Kill()
	<-p.ended
	return true
}

// tail is the end of what it said.
func (p *process) tail() []byte {
	const most = 8 << 10
	said := p.stderr.Bytes()
	return said[max(0, len(said)-most):]
}

// must runs parity to its end, with exit code 0.
func (r *round) must(ctx context.Context, args ...string) ([]byte, error) {
	p, err := r.start(args...)
	if err != nil {
		return nil, err
	}
	code, err := p.wait(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("parity %v: exit code %d\n%s", args, code, p.tail())
	}
	return p.stdout.Bytes(), err
}

// mostStarts is how often a command may be begun anew until it is done.
const mostStarts = 60

// stubborn runs workers, each with its own arguments, until all of them are done.
// They are killed now and then, and begun anew, as an array job would; so are those
// that end because the store failed.
func (r *round) stubborn(ctx context.Context, kills int, workers ...[]string) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(workers))
	for _, args := range workers {
		waits := make([]time.Duration, kills)
		for i := range waits {
			waits[i] = r.between(20, 700)
		}
		wg.Go(func() { errs <- r.untilDone(ctx, waits, args) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *round) untilDone(ctx context.Context, kills []time.Duration, args []string) error {
	for range mostStarts {
		p, err := r.start(args...)
		if err != nil {
			return err
		}
		if len(kills) > 0 {
			select {
			case <-p.ended:
			case <-time.After(kills[0]):
				if p.kill() {
					kills = kills[1:]
					r.fault("kill -9")
					continue
				}
			}
			kills = kills[1:]
		}
		code, err := p.wait(ctx)
		if err != nil || code == 0 {
			return err
		}
		if !r.place.faulty() {
			return fmt.Errorf("parity %v: exit code %d\n%s", args, code, p.tail())
		}
		r.fault("gave up and was begun anew")
	}
	return fmt.Errorf("parity %v is not done after %d starts", args, mostStarts)
}
