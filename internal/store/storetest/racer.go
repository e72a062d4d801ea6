package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// Racer is a process of its own that puts objects when it is told to. It is the
// test's binary again; its environment is the test's.
type Racer struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	name string
}

const (
	racerLocation = "PARITY_TEST_RACER_LOCATION"
	racerName     = "PARITY_TEST_RACER_NAME"
)

// RunRacer is to be called first in TestMain. In a process that StartRacer
// started it does the racer's work and ends the process; elsewhere it returns.
func RunRacer(open func(ctx context.Context, location string) (store.Bucket, error)) {
	location := os.Getenv(racerLocation)
	if location == "" {
		return
	}
	b, err := open(context.Background(), location)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for keys := bufio.NewScanner(os.Stdin); keys.Scan(); {
		err := store.PutBytes(context.Background(), b, keys.Text(), racerContent(os.Getenv(racerName)))
		switch {
		case err == nil:
			fmt.Println("created")
		case errors.Is(err, store.ErrExists):
			fmt.Println("exists")
		default:
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	os.Exit(0)
}

// racerContent is what the named racer puts: 16 KiB that name it throughout.
func racerContent(name string) []byte {
	line := name + "\n"
	return bytes.Repeat([]byte(line), 16<<10/len(line))
}

// StartRacer starts a racer over the location, which dies with the test.
func StartRacer(t testing.TB, location, name string) *Racer {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), racerLocation+"="+location, racerName+"="+name)
	cmd.Stderr = os.Stderr
	dieWithParent(cmd)
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	r := &Racer{cmd: cmd, in: in, out: bufio.NewReader(out), name: name}
	t.Cleanup(r.Kill)
	return r
}

// Put tells the racer to put key.
func (r *Racer) Put(t testing.TB, key string) {
	t.Helper()
	if _, err := io.WriteString(r.in, key+"\n"); err != nil {
		t.Fatalf("racer %s: %v", r.name, err)
	}
}

// Said waits for the racer's next word: "ready" first, then for each Put
// "created", "exists" or an error; "EOF" from a racer that has died.
func (r *Racer) Said() string {
	line, err := r.out.ReadString('\n')
	if err != nil {
		return "EOF"
	}
	return strings.TrimSuffix(line, "\n")
}

// Kill ends the racer at once, as kill -9 does. It may be called again.
func (r *Racer) Kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // the signal, or that it was waited for already
}

// Race lets 32 processes put the same keys at the same time: of each key
// exactly one may have created it, and all of it must be that one's.
//
// Lost: one of two workers' results, or a mixture of both.
func Race(t *testing.T, b store.Bucket) {
	t.Helper()
	const processes, rounds = 32, 40
	racers := make([]*Racer, processes)
	for i := range racers {
		racers[i] = StartRacer(t, b.String(), fmt.Sprintf("racer %02d", i))
	}
	for _, r := range racers {
		if said := r.Said(); said != "ready" {
			t.Fatalf("%s: %s", r.name, said)
		}
	}
	// All keys before the first answer: nobody waits for the slowest, so those
	// ahead meet in the narrow places.
	keys := make([]string, rounds)
	for i := range keys {
		keys[i] = fmt.Sprintf("race/%02d", i)
		for _, r := range racers {
			r.Put(t, keys[i])
		}
	}
	for _, key := range keys {
		wantOneWinner(t, b, racers, key)
	}
}

func wantOneWinner(t *testing.T, b store.Bucket, racers []*Racer, key string) {
	t.Helper()
	var winners []string
	for _, r := range racers {
		switch said := r.Said(); said {
		case "created":
			winners = append(winners, r.name)
		case "exists":
		default:
			t.Errorf("%s, %s: %s", key, r.name, said)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%s was created by %q, want exactly one", key, winners)
	}
	wantObject(t, b, key, racerContent(winners[0]))
}
