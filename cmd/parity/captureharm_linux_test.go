package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// smallDisk is a real file system with room for so many bytes, or ends the test
// where this process may not mount one.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("this process may not mount a file system: run as root to see what a full disk does")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// frozenDisk is a real file system and what stops it: whoever writes to it waits until
// it is thawed, as with a disk that hangs.
func frozenDisk(t *testing.T) (dir string, freeze, thaw func()) {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk")
	dir = t.TempDir()
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 64<<20)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("this process may not mount a file system: run as root to see what a disk that hangs does: %v: %s", err, out)
		}
	}
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	control := func(request uint, what string) func() {
		return func() {
			if err := unix.IoctlSetInt(int(folder.Fd()), request, 0); err != nil {
				t.Errorf("%s the disk: %v", what, err)
			}
		}
	}
	t.Cleanup(func() {
		unix.IoctlSetInt(int(folder.Fd()), fiThaw, 0)
		folder.Close()
		exec.Command("umount", "-l", dir).Run()
	})
	return dir, control(fiFreeze, "freeze"), control(fiThaw, "thaw")
}

// The requests of ioctl_fs(2).
const (
	fiFreeze = 0xc0045877
	fiThaw   = 0xc0045878
)

// traffic asks through the sidecar from several clients until it is stopped, and holds
// every answer against what the old service said.
type traffic struct {
	asked, wrong atomic.Int64
	first        atomic.Pointer[string] // what was wrong
	quit         chan struct{}
	clients      sync.WaitGroup
}

func startTraffic(address string, clients int, pad string) *traffic {
	l := &traffic{quit: make(chan struct{})}
	for c := range clients {
		l.clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-l.quit:
					return
				default:
				}
				body := fmt.Sprintf(`{"client":%d,"n":%d,"pad":%q}`, c, i, pad)
				if err := askOnce(address, body); err != nil {
					text := err.Error()
					l.first.CompareAndSwap(nil, &text)
					l.wrong.Add(1)
				}
				l.asked.Add(1)
			}
		})
	}
	return l
}

func askOnce(address, body string) error {
	res, err := http.Post("http://"+address+"/classify", "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || string(got) != body) {
		err = fmt.Errorf("%s %.80q instead of %.80q", res.Status, got, body)
	}
	return err
}

// stop ends the load, and wants every answer to have been right.
func (l *traffic) stop(t *testing.T) int64 {
	t.Helper()
	close(l.quit)
	l.clients.Wait()
	http.DefaultClient.CloseIdleConnections()
	if n := l.wrong.Load(); n > 0 {
		t.Errorf("%d of %d live answers were wrong, the first: %s", n, l.asked.Load(), *l.first.Load())
	}
	return l.asked.Load()
}

func sayBack(w http.ResponseWriter, r *http.Request) {
	if body, err := io.ReadAll(r.Body); err == nil {
		w.Write(body)
	}
}

// Without this, a disk that fills up would break live answers, keep the sidecar
// from starting again, or leave a ledger that does not know what is missing.
func TestCaptureOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, 3<<20)
	old := newEcho(t, sayBack)
	address, admin := freeAddress(t), freeAddress(t)
	recording := filepath.Join(t.TempDir(), "recording")
	args := []string{
		"capture", "--upstream", old.URL, "--listen", address, "--admin", admin, "--out", recording,
		"--spool", filepath.Join(disk, "spool"), "--model-from", "const:m", "--grace", "5s",
	}
	p := start(t, args...)
	p.waitFor(t, "it listens", func() bool { return reachable(address) && reachable(admin) })
	l := startTraffic(address, 4, strings.Repeat("x", 2000))
	p.waitFor(t, "the disk is full", func() bool {
		return scrape(t, admin)[`parity_capture_dropped_total{reason="spool_error"}`] != "0" && l.asked.Load() > 3000
	})
	served := l.stop(t)
	// Killed, it starts on the full disk and serves on.
	p.Process.Kill()
	<-p.ended
	again := start(t, args...)
	again.waitFor(t, "it listens again", func() bool { return reachable(address) && reachable(admin) })
	l = startTraffic(address, 4, "")
	again.waitFor(t, "it serves", func() bool { return l.asked.Load() > 500 })
	served += l.stop(t)
	if err := again.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-again.ended
	// What was recorded goes up, though nobody made room for it to be sealed.
	if !again.ProcessState.Success() {
		t.Errorf("%v: %s", again.ProcessState, again.stderr.String())
	}
	ls := mustParity(t, exitDone, "ls", recording).stdout
	if want := fmt.Sprintf("served %d = recorded", served); !strings.Contains(ls, want) || !strings.Contains(ls, "spool_error") {
		t.Errorf("ls lacks %q, or why they were dropped:\n%s\n%s", want, ls, again.stderr.String())
	}
	mustParity(t, exitDone, "fsck", recording)
}

// Without this, a store that takes less than is recorded would hold up live answers
// in the end, fill the disk, or cost what the spool had.
func TestCaptureToASlowStore(t *testing.T) {
	location := storetest.S3(t)
	slow := newToxiproxy(t, strings.TrimPrefix(os.Getenv("AWS_ENDPOINT_URL_S3"), "http://"))
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://"+slow.listen)
	slow.poison("latency", "upstream", 1, map[string]any{"latency": 200})
	slow.poison("bandwidth", "upstream", 1, map[string]any{"rate": 10}) // KB/s
	old := newEcho(t, sayBack)
	address, admin := freeAddress(t), freeAddress(t)
	recording, spool := store.Join(location, "recording"), filepath.Join(t.TempDir(), "spool")
	const quota = 1_000_000
	p := start(t, "capture", "--upstream", old.URL, "--listen", address, "--admin", admin, "--out", recording,
		"--spool", spool, "--model-from", "const:m", "--segment-bytes", "200000", "--spool-bytes", fmt.Sprint(quota))
	p.waitFor(t, "it listens", func() bool { return reachable(address) && reachable(admin) })
	l := startTraffic(address, 4, strings.Repeat("x", 1000))
	p.waitFor(t, "the spool's quota is used up", func() bool {
		return scrape(t, admin)[`parity_capture_dropped_total{reason="spool_full"}`] != "0"
	})
	before := l.asked.Load()
	p.waitFor(t, "it serves on", func() bool { return l.asked.Load() > before+500 })
	served := l.stop(t)
	segments, err := filepath.Glob(filepath.Join(spool, "*-*"))
	if err != nil || len(segments) == 0 {
		t.Errorf("segments in the spool: %v, %v", segments, err)
	}
	size := int64(0)
	for _, name := range segments {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	if size > quota+10_000 { // a footer for each segment
		t.Errorf("the spool takes %d bytes, and may take %d", size, quota)
	}
	slow.heal()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if !p.ProcessState.Success() {
		t.Errorf("%v: %s", p.ProcessState, p.stderr.String())
	}
	seen := map[string]bool{}
	for _, id := range ids(t, recording) {
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
	ls := mustParity(t, exitDone, "ls", recording).stdout
	if want := fmt.Sprintf("served %d = recorded %d ", served, len(seen)); !strings.Contains(ls, want) || !strings.Contains(ls, "spool_full") || len(seen) < 300 {
		t.Errorf("ls lacks %q:\n%s", want, ls)
	}
	mustParity(t, exitDone, "fsck", recording)
}

// Without this, a disk that hangs for a while, as network disks do, would hang the old
// service, too.
func TestCaptureOnADiskThatHangs(t *testing.T) {
	disk, freeze, thaw := frozenDisk(t)
	old := newEcho(t, sayBack)
	address := freeAddress(t)
	recording := filepath.Join(t.TempDir(), "recording")
	p := start(t, "capture", "--upstream", old.URL, "--listen", address, "--out", recording, "--spool", filepath.Join(disk, "spool"), "--model-from", "const:m")
	p.waitFor(t, "it listens", func() bool { return reachable(address) })
	l := startTraffic(address, 4, "")
	for range 3 {
		before := l.asked.Load()
		p.waitFor(t, "it serves", func() bool { return l.asked.Load() > before+500 })
		freeze()
		before = l.asked.Load()
		p.waitFor(t, "it serves while the disk hangs", func() bool { return l.asked.Load() > before+2000 })
		thaw()
	}
	served := l.stop(t)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if !p.ProcessState.Success() {
		t.Errorf("%v: %s", p.ProcessState, p.stderr.String())
	}
	if ls := mustParity(t, exitDone, "ls", recording).stdout; !strings.Contains(ls, fmt.Sprintf("served %d = recorded", served)) {
		t.Errorf("%d were served; ls says\n%s", served, ls)
	}
	mustParity(t, exitDone, "fsck", recording)
}

// Without this, a store that goes away under load would cost live answers, or
// exchanges that were answered.
func TestCaptureWhileTheStoreIsAway(t *testing.T) {
	location := storetest.S3(t)
	var away atomic.Bool
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if away.Load() {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		next.ServeHTTP(w, r)
	})
	away.Store(true) // from the start
	old := newEcho(t, sayBack)
	address, admin := freeAddress(t), freeAddress(t)
	recording := store.Join(location, "recording")
	spool := filepath.Join(t.TempDir(), "spool")
	args := []string{
		"capture", "--upstream", old.URL, "--listen", address, "--admin", admin, "--out", recording,
		"--spool", spool, "--model-from", "const:m", "--segment-bytes", "200000",
	}
	p := start(t, args...)
	p.waitFor(t, "it listens", func() bool { return reachable(address) && reachable(admin) })
	l := startTraffic(address, 4, strings.Repeat("x", 300))
	objects := func() string { return scrape(t, admin)["parity_capture_objects_total"] }
	p.waitFor(t, "segments wait", func() bool { return scrape(t, admin)["parity_capture_spool_segments"] > "1" })
	if got := objects(); got != "0" {
		t.Errorf("%s objects in a store that is away", got)
	}
	away.Store(false)
	p.waitFor(t, "it is back", func() bool { return objects() != "0" })
	away.Store(true)
	before := l.asked.Load()
	p.waitFor(t, "it serves on", func() bool { return l.asked.Load() > before+1000 })
	away.Store(false)
	served := l.stop(t)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if !p.ProcessState.Success() {
		t.Errorf("%v: %s", p.ProcessState, p.stderr.String())
	}
	if ls := mustParity(t, exitDone, "ls", recording).stdout; !strings.Contains(ls, fmt.Sprintf("served %d = recorded %d ", served, served)) {
		t.Errorf("%d were served; ls says\n%s", served, ls)
	}
	seen := map[string]bool{}
	for _, id := range ids(t, recording) {
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
	if int64(len(seen)) != served {
		t.Errorf("%d of %d exchanges are there", len(seen), served)
	}
	if left, err := filepath.Glob(filepath.Join(spool, "*.sealed")); err != nil || len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
	if _, err := os.Stat(filepath.Join(spool, "ledger")); err != nil {
		t.Error(err)
	}
}
