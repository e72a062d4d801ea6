package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// selfSigned writes a certificate for loopback and its key to dir, and returns it.
func selfSigned(t *testing.T, dir, name string) (cert, key string, parsed *x509.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: text}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if parsed, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return cert, key, parsed
}

// trusting is a client that trusts one certificate, in one version of HTTP.
func trusting(cert *x509.Certificate, http2 bool) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: http2, DisableKeepAlives: true}}
}

// Without this, a service that is reached by TLS could not be captured, a sidecar
// would show a certificate that has expired, or trust anybody in its place.
func TestCaptureTLS(t *testing.T) {
	oldCert, oldKey, oldParsed := selfSigned(t, t.TempDir(), "old service")
	pair, err := tls.LoadX509KeyPair(oldCert, oldKey)
	if err != nil {
		t.Fatal(err)
	}
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	old.TLS, old.EnableHTTP2 = &tls.Config{Certificates: []tls.Certificate{pair}}, true
	old.StartTLS()
	defer old.Close()
	dir, spool, address, admin := t.TempDir(), t.TempDir(), freeAddress(t), freeAddress(t)
	cert, key, first := selfSigned(t, dir, "first")
	args := []string{
		"capture", "--upstream", old.URL, "--listen", address, "--admin", admin, "--out", filepath.Join(spool, "recording"), "--spool", filepath.Join(spool, "spool"),
		"--model-from", "const:m", "--tls-cert", cert, "--tls-key", key, "--upstream-ca", oldCert,
	}
	p := start(t, args...)
	p.waitFor(t, "it listens", func() bool { return reachable(address) && reachable(admin) })
	ask := func(c *http.Client) string {
		t.Helper()
		res, err := c.Get("https://" + address + "/")
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return fmt.Sprint(res.Proto, " ", res.StatusCode, " ", string(body))
	}
	for _, http2 := range []bool{false, true} {
		want := "HTTP/1.1 200 HTTP/2.0" // to https upstreams in what is negotiated
		if http2 {
			want = "HTTP/2.0 200 HTTP/2.0"
		}
		if got := ask(trusting(first, http2)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := ask(trusting(oldParsed, true)); !strings.Contains(got, "certificate signed by unknown authority") && !strings.Contains(got, "certificate is not trusted") && !strings.Contains(got, "x509") {
		t.Errorf("who does not trust it got %q", got)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ask(trusting(first, false)); got != "HTTP/1.1 200 HTTP/2.0" {
		t.Errorf("with a file that is no certificate: %q", got)
	}
	_, _, second := selfSigned(t, dir, "second")
	if got := ask(trusting(second, false)); got != "HTTP/1.1 200 HTTP/2.0" {
		t.Errorf("after the files were replaced: %q", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if said := p.stderr.String(); !strings.Contains(said, "the new certificate can't be used") {
		t.Errorf("of a file that is no certificate it says\n%s", said)
	}
	for flags, says := range map[string]string{
		"--tls-key=": "give both", "--tls-cert=" + key: "--tls-cert " + key, "--upstream-ca=" + key: "--upstream-ca", "--upstream=http://a": "is no https upstream",
		"--listen=fd:x": "write fd:3", "--listen=fd:77": "must hand it a socket",
	} {
		if r := parity(t, append(args, "--spool", t.TempDir(), flags)...); r.code != exitFailed || !strings.Contains(r.stderr, says) {
			t.Errorf("%s: %d %s", flags, r.code, r.stderr)
		}
	}
}

// Without this, each new version of the sidecar would cost clients of the old
// service connections: while one hands over to the next, nobody may be refused.
func TestCaptureHandsOver(t *testing.T) {
	old := newEcho(t, sayBack)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	dir, address := t.TempDir(), l.Addr().String()
	recording := filepath.Join(dir, "recording")
	sidecar := func(spool string) (*process, string) {
		admin := freeAddress(t)
		p := &process{Cmd: exec.Command("parity", "capture", "--upstream", old.URL, "--listen", "fd:3", "--admin", admin, "--out", recording,
			"--spool", filepath.Join(dir, spool), "--model-from", "const:m"), ended: make(chan struct{})}
		p.Stderr, p.ExtraFiles = &p.stderr, []*os.File{socket}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { p.Wait(); close(p.ended) }()
		t.Cleanup(func() { p.Process.Kill(); <-p.ended })
		p.waitFor(t, "it listens", func() bool { return reachable(admin) })
		return p, admin
	}
	ask := func(c *http.Client, body string) error {
		res, err := c.Post("http://"+address+"/", "text/plain", strings.NewReader(body))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if got, err := io.ReadAll(res.Body); err != nil || string(got) != body {
			return fmt.Errorf("%s %q, %w", res.Status, got, err)
		}
		return nil
	}
	one, _ := sidecar("one")
	var asked, wrong atomic.Int64
	var clients sync.WaitGroup
	quit := make(chan struct{})
	for c := range 4 {
		clients.Go(func() {
			// Two open a connection for each request, two keep theirs.
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: c < 2}}
			defer client.CloseIdleConnections()
			for i := 0; ; i++ {
				select {
				case <-quit:
					return
				default:
				}
				if err := ask(client, fmt.Sprint(c, " ", i)); err != nil {
					t.Error(err)
					wrong.Add(1)
				}
				asked.Add(1)
			}
		})
	}
	more := func(p *process) {
		t.Helper()
		from := asked.Load()
		p.waitFor(t, "it serves", func() bool { return asked.Load() > from+300 })
	}
	more(one)
	// Side by side, each with a spool of its own.
	two, _ := sidecar("two")
	if err := one.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-one.ended
	more(two)
	// One after the other, on one spool: what comes meanwhile waits in the socket.
	if err := two.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-two.ended
	three, _ := sidecar("two")
	more(three)
	close(quit)
	clients.Wait()
	if err := three.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-three.ended
	served := asked.Load()
	if wrong.Load() > 0 || served < 900 {
		t.Fatalf("%d of %d were wrong", wrong.Load(), served)
	}
	all := ids(t, recording)
	if int64(len(all)) != served {
		t.Errorf("%d were served, %d are recorded\n%s", served, len(all), mustParity(t, exitDone, "ls", recording).stdout)
	}
}
