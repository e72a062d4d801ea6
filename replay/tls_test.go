package replay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// authority signs certificates.
type authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

// newAuthority writes its own certificate to ca.pem.
func newAuthority(t *testing.T) *authority {
	a := &authority{folder: t.TempDir()}
	template := certificate("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a.cert, a.key = a.sign(t, "ca", template)
	return a
}

func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// sign writes a certificate and its key to <name>.pem and <name>.key.
func (a *authority) sign(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, by := a.cert, a.key
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a.folder, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, filepath.Join(a.folder, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// serve runs an https server with a certificate of the authority's for these names
// and addresses; change may alter the certificate, and clients says whom the server
// trusts.
func (a *authority) serve(t *testing.T, change func(*x509.Certificate), clients *x509.CertPool, h http.HandlerFunc) *httptest.Server {
	template := certificate("new.example")
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	if change != nil {
		change(template)
	}
	a.sign(t, "server", template)
	cert, err := tls.LoadX509KeyPair(filepath.Join(a.folder, "server.pem"), filepath.Join(a.folder, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	if clients != nil {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, clients
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func (a *authority) load(t *testing.T, f TLSFiles) *tls.Config {
	t.Helper()
	c, err := f.Load(a.folder, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A company's endpoints have certificates of its own authority. Whom Parity trusts
// is whom it hands real traffic and credentials to: each way of being wrong must be
// a failure, and each that is right must work without giving up the check.
func TestTrust(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	a.sign(t, "client", certificate("parity"))
	other.sign(t, "stranger", certificate("parity"))
	stranger := TLSFiles{CA: "ca.pem", Cert: filepath.Join(other.folder, "stranger.pem"), Key: filepath.Join(other.folder, "stranger.key")}
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }
	otherName := func(c *x509.Certificate) { c.IPAddresses = nil }
	for _, c := range []struct {
		name    string
		change  func(*x509.Certificate)
		clients *x509.CertPool
		files   TLSFiles
		words   string // "": it is trusted
	}{
		{name: "known authority", files: TLSFiles{CA: "ca.pem"}},
		{name: "the machine's authorities", words: "certificate signed by unknown authority"},
		{name: "another authority", files: TLSFiles{CA: filepath.Join(other.folder, "ca.pem")}, words: "certificate signed by unknown authority"},
		{name: "the certificate itself", files: TLSFiles{CA: "server.pem"}},
		{name: "expired", change: expired, files: TLSFiles{CA: "ca.pem"}, words: "certificate has expired or is not yet valid"},
		{name: "another name", change: otherName, files: TLSFiles{CA: "ca.pem"}, words: "cannot validate certificate for 127.0.0.1"},
		{name: "another name that is told", change: otherName, files: TLSFiles{CA: "ca.pem", ServerName: "new.example"}},
		{name: "a name that it does not have", files: TLSFiles{CA: "ca.pem", ServerName: "old.example"}, words: "valid for new.example, not old.example"},
		{name: "wants a certificate", clients: a.pool(), files: TLSFiles{CA: "ca.pem"}, words: "certificate required"},
		{name: "gets a certificate", clients: a.pool(), files: TLSFiles{CA: "ca.pem", Cert: "client.pem", Key: "client.key"}},
		{name: "gets a stranger's", clients: a.pool(), files: stranger, words: "remote error: tls: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := a.serve(t, c.change, c.clients, func(http.ResponseWriter, *http.Request) {})
			s := newSender(t, Options{Target: server.URL, TLS: a.load(t, c.files)})
			rows, _ := replay(t, s, recorded(0))
			switch got := rows[0].Candidate; {
			case c.words == "" && (got.Status != 200 || got.Failure != ""):
				t.Errorf("got %q: %s", got.Failure, got.Error)
			case c.clients != nil && c.words != "" && got.Failure == exchange.Reset:
				// The alert comes after the handshake, and may be overtaken by the end of the connection.
			case c.words != "" && (got.Failure != exchange.TLS || !strings.Contains(got.Error, c.words) || strings.Contains(got.Error, "current time")):
				t.Errorf("got %q: %s; want %s", got.Failure, got.Error, c.words)
			}
		})
	}
}

// Files are wrong before anything is sent, and not as ten million failures.
func TestTLSFilesAreChecked(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "client", certificate("parity"))
	a.sign(t, "other", certificate("parity"))
	past := certificate("parity")
	past.NotAfter = time.Now().Add(-time.Hour)
	a.sign(t, "past", past)
	write(t, filepath.Join(a.folder, "empty.pem"), nil)
	write(t, filepath.Join(a.folder, "garbage.pem"), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	for want, f := range map[string]TLSFiles{
		"no such file":                        {CA: "none.pem"},
		"holds no certificate in PEM":         {CA: "empty.pem"},
		"its certificate 1":                   {CA: "garbage.pem"},
		"holds a private key":                 {CA: "ca.key"},
		"has no key":                          {Cert: "client.pem"},
		"has no certificate":                  {Key: "client.key"},
		"private key does not match":          {Cert: "client.pem", Key: "other.key"},
		"the certificate ended at":            {Cert: "past.pem", Key: "past.key"},
		`tls.server_name "https://a": must b`: {ServerName: "https://a"},
	} {
		if c, err := f.Load(a.folder, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, %v; want %s", f, c, err, want)
		}
	}
	if c, err := (TLSFiles{}).Load("", time.Now()); c != nil || err != nil {
		t.Errorf("the zero value: %v, %v", c, err)
	}
}

// A proxy speaks HTTP/1.1 to us where there is no TLS: what it makes of HTTP/2 is
// ten million failures.
func TestHTTP2WithoutTLSAndAProxy(t *testing.T) {
	yes := true
	o := Options{Target: "http://new.example", RunID: "r", HTTP2: &yes} // HTTP_PROXY is set by TestMain
	if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "NO_PROXY") {
		t.Error(err)
	}
	o.HTTP2 = nil
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
}

// How many connections a server sees, and whether a load balancer splits them,
// depends on the version of HTTP. It must be the one that was asked for.
func TestHTTPVersions(t *testing.T) {
	yes, no := true, false
	a := newAuthority(t)
	version := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto+" "+r.Method) }
	secured := a.serve(t, nil, nil, version)
	clear := httptest.NewUnstartedServer(http.HandlerFunc(version))
	clear.Config.Protocols = &http.Protocols{}
	clear.Config.Protocols.SetHTTP1(true)
	clear.Config.Protocols.SetUnencryptedHTTP2(true)
	clear.Start()
	t.Cleanup(clear.Close)
	old := httptest.NewUnstartedServer(http.HandlerFunc(version))
	old.TLS = &tls.Config{Certificates: secured.TLS.Certificates, NextProtos: []string{"http/1.1"}}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	t.Cleanup(old.Close)
	for _, c := range []struct {
		name, target string
		http2        *bool
		want         string // "": it fails
	}{
		{"negotiated", secured.URL, nil, "HTTP/2.0 POST"},
		{"wanted", secured.URL, &yes, "HTTP/2.0 POST"},
		{"not wanted", secured.URL, &no, "HTTP/1.1 POST"},
		{"clear", clear.URL, nil, "HTTP/1.1 POST"},
		{"clear and wanted", clear.URL, &yes, "HTTP/2.0 POST"},
		{"clear and not wanted", clear.URL, &no, "HTTP/1.1 POST"},
		{"old", old.URL, nil, "HTTP/1.1 POST"},
		{"old and wanted", old.URL, &yes, ""},
		{"clear, old and wanted", answer(t, "HTTP/1.1 400 Bad Request\r\n\r\n", leave), &yes, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSender(t, Options{Target: c.target, HTTP2: c.http2, TLS: a.load(t, TLSFiles{CA: "ca.pem"}), Timeout: 10 * time.Second})
			rows, _ := replay(t, s, recording(20)...)
			for _, row := range rows {
				if got := row.Candidate; string(got.Body) != c.want || (got.Failure == "") != (c.want != "") {
					t.Fatalf("got %q, %q: %s", got.Body, got.Failure, got.Error)
				}
			}
		})
	}
}
