package capture

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// The test binary is the sidecar, too, when this names its upstream.
const sidecarEnv = "CAPTURE_TEST_UPSTREAM"

func TestMain(m *testing.M) {
	if upstream := os.Getenv(sidecarEnv); upstream != "" {
		if err := sidecarProcess(upstream, os.Getenv("CAPTURE_TEST_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// sidecarProcess serves until SIGTERM. It prints its address.
func sidecarProcess(upstream, dir string) error {
	u, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	s, err := New(Options{
		Upstream: u, Spool: filepath.Join(dir, "spool"), Recording: dir, Ship: folder(filepath.Join(dir, "out")).ship,
		Model: []Rule{must(ParseRule("json:/model"))}, SegmentBytes: 100_000, SyncInterval: 20 * time.Millisecond, Log: quiet(),
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	term, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: s}
	go server.Serve(l)
	fmt.Println(l.Addr())
	run, end := context.WithCancel(context.Background())
	defer end()
	context.AfterFunc(term, func() { server.Shutdown(context.Background()); end() })
	if err := s.Run(run); err != nil {
		return err
	}
	return s.Close(context.Background())
}

// folder keeps objects as JSON files, created whole or not at all.
type folder string

type fileObject struct {
	Ledger exchange.Ledger
	IDs    []exchange.ID
}

type fileSink struct {
	path string
	object
}

func (f folder) ship(_ context.Context, s Segment) (exchange.Sink, error) {
	return &fileSink{filepath.Join(string(f), s.ID.String()), object{Segment: s}}, nil
}

func (f *fileSink) Write(ctx context.Context, b *exchange.Batch) error {
	for i := range b.Rows {
		e := &b.Rows[i]
		if e.Model != "m" || e.Defect == "" && string(e.Reference.Body) != "answer to "+string(e.Request.Body) {
			return fmt.Errorf("a wrong row: %+v", e)
		}
		f.rows = append(f.rows, exchange.Exchange{ID: e.ID})
	}
	return nil
}

func (f *fileSink) Commit(context.Context) error {
	o := fileObject{Ledger: f.Ledger}
	for _, e := range f.rows {
		o.IDs = append(o.IDs, e.ID)
	}
	tmp := fmt.Sprintf("%s.tmp%d", f.path, os.Getpid())
	if err := os.WriteFile(tmp, must(json.Marshal(o)), 0o600); err != nil {
		return err
	}
	defer os.Remove(tmp)
	err := os.Link(tmp, f.path)
	if errors.Is(err, fs.ErrExist) {
		return exchange.ErrExists
	}
	return err
}

func (f *fileSink) Close() error { return nil }

// shipped reads all objects: the ledger of the newest, and how many rows there
// are; a row that is there twice fails the test.
func (f folder) shipped(t *testing.T) (last exchange.Ledger, rows int) {
	t.Helper()
	seen := map[exchange.ID]bool{}
	for _, entry := range must(os.ReadDir(string(f))) { // sorted, and names grow with time
		if strings.Contains(entry.Name(), ".tmp") {
			continue // the kill came before the link
		}
		var o fileObject
		if err := json.Unmarshal(must(os.ReadFile(filepath.Join(string(f), entry.Name()))), &o); err != nil {
			t.Fatal(err)
		}
		for _, id := range o.IDs {
			if seen[id] {
				t.Errorf("%s is in the recording twice", id)
			}
			seen[id] = true
		}
		last = o.Ledger
	}
	return last, len(seen)
}

// process is a sidecar that can be killed.
type process struct {
	*exec.Cmd
	url string
}

func startProcess(t *testing.T, upstream, dir string) process {
	t.Helper()
	cmd := exec.Command(must(os.Executable()))
	cmd.Env = append(os.Environ(), sidecarEnv+"="+upstream, "CAPTURE_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	out := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("the sidecar did not start")
	}
	return process{cmd, "http://" + strings.TrimSpace(addr)}
}

// load sends from so many clients until a request fails, and counts the
// answers that came whole.
func load(front string, clients int, whole *atomic.Int64, enough int64, then func()) {
	var wg sync.WaitGroup
	var once sync.Once
	for range clients {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for {
				body := `{"model":"m","text":"` + strings.Repeat("word ", 100) + `"}`
				res, err := client.Post(front+"/classify", "application/json", strings.NewReader(body))
				if err != nil {
					return
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || string(got) != "answer to "+body {
					return
				}
				if whole.Add(1) >= enough {
					once.Do(then)
				}
			}
		})
	}
	wg.Wait()
}

// If this fails, a sidecar that is killed loses exchanges without telling, has
// some twice, or leaves a recording whose ledger does not balance against what
// the clients counted.
func TestKilled(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "answer to %s", body)
	}))
	defer back.Close()
	dir := t.TempDir()
	out := folder(filepath.Join(dir, "out"))
	if err := os.Mkdir(string(out), 0o700); err != nil {
		t.Fatal(err)
	}
	const clients, rounds = 16, 6
	var whole atomic.Int64
	for round := range int64(rounds) {
		p := startProcess(t, back.URL, dir)
		load(p.url, clients, &whole, whole.Load()+300+100*round, func() { p.Process.Kill() })
		p.Wait()

		p = startProcess(t, back.URL, dir)
		p.Process.Signal(syscall.SIGTERM)
		if err := p.Wait(); err != nil {
			t.Fatalf("the sidecar does not end cleanly after a kill: %v", err)
		}
		last, rows := out.shipped(t)
		balanced(t, last, rows)
		got := whole.Load()
		if more := last.Served - got; more < 0 || more > clients*(round+1) {
			t.Errorf("round %d: %d served, and clients got %d answers whole", round, last.Served, got)
		}
		t.Logf("round %d: clients got %d; %s", round, got, last)
	}
}
