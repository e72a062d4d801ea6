package capture

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nginx runs a real one with a server block, and ends it with the test.
func nginx(t *testing.T, server string) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		const sentence = "nginx is not installed (Debian's nginx-light)"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("daemon off; worker_processes 1; pid %s/pid; error_log stderr;\n%s\nevents {}\nhttp { access_log off; %s\n%s }\n",
		dir, userLine(), tempPaths(dir), server)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-p", dir, "-c", file, "-e", "stderr")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
}

// userLine keeps nginx's worker what the test is: another could not read its files.
func userLine() string {
	if os.Geteuid() == 0 {
		return "user root;"
	}
	return ""
}

func tempPaths(dir string) string {
	var b strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&b, "%s_temp_path %s/%s; ", kind, dir, kind)
	}
	return b.String()
}

// free is an address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	return l.Addr().String()
}

// documented is the block of nginx's lines in docs/capture.md that begins so.
func documented(t *testing.T, begin string) string {
	t.Helper()
	text := string(must(os.ReadFile(filepath.Join("..", "docs", "capture.md"))))
	_, rest, ok := strings.Cut(text, "```nginx\n"+begin)
	block, _, end := strings.Cut(rest, "```")
	if !ok || !end {
		t.Fatalf("docs/capture.md has no block of nginx's lines that begins with %s", begin)
	}
	return begin + block
}

// Without this, the lines that docs/capture.md gives for nginx would not mirror, or
// would have clients wait for what is mirrored.
func TestMirrorByNginx(t *testing.T) {
	held := make(chan struct{})
	r, store := mirrored(t, func(w http.ResponseWriter, r *http.Request) {
		<-held // until all clients have their answers
		body := must(io.ReadAll(r.Body))
		fmt.Fprintf(w, "%s %s %s", r.Host, r.RequestURI, body)
	}, nil)
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	defer old.Close()
	at := free(t)
	nginx(t, strings.NewReplacer(
		"listen 80;", "listen "+at+";",
		"127.0.0.1:8080", strings.TrimPrefix(old.URL, "http://"),
		"127.0.0.1:8081", strings.TrimPrefix(r.url, "http://"),
	).Replace(documented(t, "server {")))
	const requests = 20
	for i := range requests {
		body := fmt.Sprint("text ", i)
		if got := askNginx(t, "http://"+at+"/models/spam?q=%2F;"+fmt.Sprint(i), body); got != body {
			t.Errorf("the client got %q", got)
		}
	}
	taken := func() int { return int(r.mirror.waiting.Load()) + len(r.mirror.slots) }
	for try := 0; taken() < requests; try++ { // the last one is mirrored beside its answer
		if try > 1000 {
			t.Fatalf("%d of %d were mirrored", taken(), requests)
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(held)
	r.mirror.wait(context.Background())
	r.stop()
	rows := store.rows()
	balanced(t, store.ledger(), requests)
	for _, e := range rows {
		if want := at + " " + e.Request.Path + " " + string(e.Request.Body); string(e.Reference.Body) != want || !strings.HasPrefix(e.Request.Path, "/models/spam?q=%2F;") {
			t.Errorf("recorded %s %q, want %q", e.Request.Path, e.Reference.Body, want)
		}
	}
}

// askNginx waits for nginx to be there.
func askNginx(t *testing.T, url, body string) string {
	t.Helper()
	for try := 0; ; try++ {
		res, err := http.Post(url, "text/plain", strings.NewReader(body))
		if err != nil && try < 1000 {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return string(must(io.ReadAll(res.Body)))
	}
}

// Without this, the lines by which nginx goes around the sidecar would leave the
// old service unreachable when they are needed.
func TestNginxGoesAround(t *testing.T) {
	store := newStore()
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	defer old.Close()
	r := start(t, options(t, old.URL, store))
	at := free(t)
	nginx(t, strings.NewReplacer(
		"127.0.0.1:8081", strings.TrimPrefix(r.url, "http://"), "127.0.0.1:8080", strings.TrimPrefix(old.URL, "http://"),
	).Replace(documented(t, "upstream moderation {"))+"\nserver { listen "+at+"; location / { proxy_pass http://moderation; } }")
	for i := range 20 {
		if i == 10 {
			r.stop()
		}
		body := fmt.Sprint("text ", i)
		if got := askNginx(t, "http://"+at+"/", body); got != body {
			t.Errorf("request %d got %q", i, got)
		}
	}
	balanced(t, store.ledger(), 10)
}
