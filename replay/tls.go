package replay

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// TLSFiles say how the server of an https:// target is trusted, and by what it
// trusts us. Files are PEM. The zero value trusts the machine's authorities and
// has no certificate of its own. There is no way to trust everybody: CA may hold
// the very certificate that a server signed itself, and ServerName the name that
// is in it.
type TLSFiles struct {
	CA         string `yaml:"ca"` // authorities, in place of the machine's
	Cert       string `yaml:"cert"`
	Key        string `yaml:"key"`
	ServerName string `yaml:"server_name"` // the name that the server's certificate must have; "" is the URL's host
}

// Validate looks at no file, as these may be on the machine that sends alone.
func (f TLSFiles) Validate() error {
	switch {
	case f.Cert != "" && f.Key == "":
		return fmt.Errorf("tls.cert %q: has no key; give tls.key too, be it the same file", f.Cert)
	case f.Key != "" && f.Cert == "":
		return fmt.Errorf("tls.key %q: has no certificate; give tls.cert too", f.Key)
	case strings.ContainsFunc(f.ServerName, func(r rune) bool { return r <= ' ' || r == ':' || r == '/' || r > '~' }):
		return fmt.Errorf("tls.server_name %q: must be a host's name, without scheme and port", f.ServerName)
	}
	return nil
}

// Load reads the files, whose names are relative to folder. What is wrong with
// them is said before anything is sent. It returns nil of the zero value.
func (f TLSFiles) Load(folder string, now time.Time) (*tls.Config, error) {
	if f == (TLSFiles{}) {
		return nil, f.Validate()
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: f.ServerName}
	if f.CA != "" {
		roots, err := readAuthorities(Within(folder, f.CA))
		if err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
		c.RootCAs = roots
	}
	if f.Cert != "" {
		cert, err := tls.LoadX509KeyPair(Within(folder, f.Cert), Within(folder, f.Key))
		if err == nil {
			err = inForce(cert.Leaf, now)
		}
		if err != nil {
			return nil, fmt.Errorf("tls.cert %s and tls.key: %w", f.Cert, err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

func Within(folder, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}

// readAuthorities refuses what x509 passes over in silence: anything that is no
// certificate.
func readAuthorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, found := x509.NewCertPool(), 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s holds a %s: it must hold certificates in PEM, and nothing else", file, strings.ToLower(block.Type))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: its certificate %d: %w", file, found+1, err)
		}
		pool.AddCert(cert)
		found++
	}
	if found == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", file)
	}
	return pool, nil
}

// inForce refuses a certificate that no server takes: most would say so by
// closing the connection.
func inForce(cert *x509.Certificate, now time.Time) error {
	switch {
	case now.After(cert.NotAfter):
		return fmt.Errorf("the certificate ended at %s: get a new one", cert.NotAfter.UTC().Format(time.DateTime))
	case now.Before(cert.NotBefore):
		return errors.New("the certificate is not in force before " + cert.NotBefore.UTC().Format(time.DateTime))
	}
	return nil
}
