package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// soak is a sidecar under a steady load.
type soak struct {
	dir, listen, admin string
	sidecar            *exec.Cmd
	answered, failed   atomic.Int64
	samples            []soaked
}

// soaked is how the sidecar is at one time.
type soaked struct {
	at         time.Duration
	answered   int64
	rss        float64 // MB
	files      float64 // open ones
	goroutines float64
	spooled    float64 // files in the spool
	spoolMB    float64
	dropped    float64
}

// soakMain has a sidecar record a steady load for a long time, and fails where its
// memory, its open files, its goroutines or its spool grow, where an answer is wrong,
// or where one is not recorded once.
func soakMain(ctx context.Context, args []string) error {
	flag := flag.NewFlagSet("bench soak", flag.ExitOnError)
	parity := flag.String("parity", "bin/parity", "the binary")
	length := flag.Duration("for", 30*time.Minute, "how long")
	segment := flag.Int("segment-bytes", 1_000_000, "the sidecar's --segment-bytes: small, so that many segments come and go")
	rate := flag.Int("rate", 500, "requests a second")
	models := flag.Int("models", 400, "how many models are asked, by turns")
	flag.Parse(args)
	dir, err := os.MkdirTemp("", "parity-soak-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	old, err := startServer(ctx, "replay", "-serve")
	if err != nil {
		return err
	}
	defer old.stop()
	s := &soak{dir: dir}
	if err := s.start(ctx, *parity, old.address, *segment); err != nil {
		return err
	}
	defer s.sidecar.Process.Kill()
	if err := s.load(ctx, *length, *rate, *models); err != nil {
		return err
	}
	s.print()
	return errors.Join(s.flat(), s.ends(ctx))
}

func (s *soak) start(ctx context.Context, parity, old string, segment int) (err error) {
	for _, address := range []*string{&s.listen, &s.admin} {
		if *address, err = freeAddress(); err != nil {
			return err
		}
	}
	s.sidecar = exec.CommandContext(ctx, parity, "capture", "--upstream", "http://"+old, "--listen", s.listen, "--admin", s.admin,
		"--out", s.recording(), "--spool", filepath.Join(s.dir, "spool"), "--model-from", "path:/models/{model}/classify",
		"--segment-bytes", fmt.Sprint(segment), "--segment-age", "5s")
	s.sidecar.Stderr = os.Stderr
	s.sidecar.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.sidecar.Start(); err != nil {
		return err
	}
	for range 1000 {
		if c, err := net.Dial("tcp", s.listen); err == nil {
			return c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the sidecar does not come up")
}

func (s *soak) recording() string { return filepath.Join(s.dir, "recording") }

// load asks at the rate, and looks at the sidecar once a second.
func (s *soak) load(ctx context.Context, length time.Duration, rate, models int) error {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	tickets := make(chan int, rate)
	var clients sync.WaitGroup
	for range 64 {
		clients.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			for n := range tickets {
				s.ask(transport, n, models)
			}
		})
	}
	began, sent := time.Now(), 0
	for second := time.Second; ctx.Err() == nil; {
		for due := int(time.Since(began).Seconds() * float64(rate)); sent < due; sent++ {
			tickets <- sent
		}
		if time.Since(began) >= second {
			second += time.Second
			if err := s.look(time.Since(began)); err != nil {
				return err
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	close(tickets)
	clients.Wait()
	if n := s.failed.Load(); n > 0 {
		return fmt.Errorf("%d of %d requests failed, or were answered wrongly", n, sent)
	}
	return nil
}

// ask holds the answer against the request, of which the old service repeats the end.
func (s *soak) ask(transport *http.Transport, n, models int) {
	body := fmt.Appendf(nil, `{"id":%d,"text":%q}`, n, strings.Repeat("a review ", 20+n%80))
	req, err := http.NewRequest(http.MethodPost, fmt.Sprintf("http://%s/models/m%d/classify", s.listen, n%models), bytes.NewReader(body))
	if err != nil {
		panic(err) // the address is our own
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := transport.RoundTrip(req)
	if err != nil {
		s.failed.Add(1)
		return
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	_, said, ok := bytes.Cut(bytes.TrimSuffix(answer, []byte(`"}`)), []byte(`"because":"`))
	if err != nil || !ok || len(said) < 150 || !bytes.Contains(body, said) {
		s.failed.Add(1)
		return
	}
	s.answered.Add(1)
}

// look takes a sample.
func (s *soak) look(at time.Duration) (err error) {
	pid := s.sidecar.Process.Pid
	sample := soaked{at: at, answered: s.answered.Load()}
	if sample.rss, err = residentMB(pid); err != nil {
		return err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return err
	}
	spooled, err := os.ReadDir(filepath.Join(s.dir, "spool"))
	if err != nil {
		return err
	}
	sample.files, sample.spooled = float64(len(files)), float64(len(spooled))
	metrics, err := scrape(s.admin)
	if err != nil {
		return err
	}
	sample.goroutines, sample.spoolMB = metrics["go_goroutines"], metrics["parity_capture_spool_bytes"]/1e6
	for name, n := range metrics {
		if strings.HasPrefix(name, "parity_capture_dropped_total") {
			sample.dropped += n
		}
	}
	s.samples = append(s.samples, sample)
	return nil
}

// residentMB is what a process has of memory now.
func residentMB(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kib float64
	_, err = fmt.Sscan(rest, &kib)
	return kib / 1024, err
}

// scrape reads a sidecar's metrics.
func scrape(admin string) (map[string]float64, error) {
	res, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	values := map[string]float64{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), " ")
		var n float64
		if _, err := fmt.Sscan(text, &n); err == nil {
			values[name] = n
		}
	}
	return values, nil
}

// print shows a dozen of the samples.
func (s *soak) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "after\tanswered\tRSS MB\topen files\tgoroutines\tfiles in the spool\tspool MB\tdropped\t")
	step := max(1, len(s.samples)/12)
	for i := step - 1; i < len(s.samples); i += step {
		m := &s.samples[i]
		fmt.Fprintf(w, "%v\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%.0f\t\n",
			m.at.Round(time.Second), m.answered, m.rss, m.files, m.goroutines, m.spooled, m.spoolMB, m.dropped)
	}
	w.Flush()
}

// flat holds the medians of the last quarter against those of the second: what grows
// by more than it may as things come and go, grows for ever.
func (s *soak) flat() error {
	quarter := len(s.samples) / 4
	if quarter < 5 {
		return fmt.Errorf("%d samples are too few to say anything", len(s.samples))
	}
	var errs []error
	for what, m := range map[string]struct {
		of   func(*soaked) float64
		more float64 // that it may be
	}{
		"memory, MB":         {func(m *soaked) float64 { return m.rss }, 16},
		"open files":         {func(m *soaked) float64 { return m.files }, 8},
		"goroutines":         {func(m *soaked) float64 { return m.goroutines }, 16},
		"files in the spool": {func(m *soaked) float64 { return m.spooled }, 3},
	} {
		middle := func(from int) float64 {
			var values []float64
			for i := range quarter {
				values = append(values, m.of(&s.samples[from+i]))
			}
			slices.Sort(values)
			return values[quarter/2]
		}
		if before, after := middle(quarter), middle(len(s.samples)-quarter); after > before+m.more {
			errs = append(errs, fmt.Errorf("%s grew from %.0f to %.0f", what, before, after))
		}
	}
	return errors.Join(errs...)
}

// ends stops the sidecar, and holds the recording against what was answered.
func (s *soak) ends(ctx context.Context) error {
	s.sidecar.Process.Signal(syscall.SIGTERM)
	if err := s.sidecar.Wait(); err != nil {
		return fmt.Errorf("the sidecar: %w", err)
	}
	rec, err := dataset.OpenRecording(ctx, s.recording())
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	rows := int64(0)
	err = rec.Rows(ctx, func(e *exchange.Exchange, _ exchange.Sides) error {
		rows++
		id, _, _ := bytes.Cut(e.Request.Body, []byte(","))
		if ids[string(id)] {
			return fmt.Errorf("request %s is recorded twice", id)
		}
		ids[string(id)] = true
		return nil
	})
	if err != nil {
		return err
	}
	if answered := s.answered.Load(); rows != answered {
		return fmt.Errorf("%d requests were answered and %d are recorded", answered, rows)
	}
	size := int64(0)
	err = filepath.WalkDir(s.recording(), func(_ string, d fs.DirEntry, err error) error {
		if info, infoErr := d.Info(); err == nil && infoErr == nil && !d.IsDir() {
			size += info.Size()
		}
		return err
	})
	state := s.sidecar.ProcessState
	usage, _ := state.SysUsage().(*syscall.Rusage)
	log.Printf("%d requests were answered, and each of them is recorded once: %.1f µs of CPU and %.0f bytes each, peak %.0f MB", rows,
		float64((state.UserTime()+state.SystemTime()).Microseconds())/float64(rows), float64(size)/float64(rows), float64(usage.Maxrss)/1024)
	return err
}
