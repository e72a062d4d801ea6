package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// listenFront listens on an address, or takes fd:N, a socket that whoever started
// this process listens on: systemd, or what hands over from one sidecar to the
// next. Connections then wait in that socket while nobody accepts them.
func listenFront(addr string) (net.Listener, error) {
	number, inherited := strings.CutPrefix(addr, "fd:")
	if !inherited {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("--listen %s: %w", addr, err)
		}
		return l, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 3 {
		return nil, fmt.Errorf("--listen %s: write fd:3, or a higher number", addr)
	}
	f := os.NewFile(uintptr(n), addr)
	defer f.Close() // FileListener has a copy
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: whoever starts this process must hand it a socket there that listens: %w", addr, err)
	}
	unix.CloseOnExec(n)
	return l, nil
}

// certificate is a pair of files that may be replaced at any time: a sidecar runs
// for longer than a certificate.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	of     [2]fileStamp
	failed [2]fileStamp // what could not be loaded, and was said
}

type fileStamp struct {
	size int64
	at   time.Time
}

// frontTLS is the configuration of a front that has a certificate; nil: it has
// none.
func frontTLS(cert, key string, log *slog.Logger) (*tls.Config, error) {
	switch {
	case cert == "" && key == "":
		return nil, nil
	case cert == "" || key == "":
		return nil, errors.New("--tls-cert and --tls-key: give both, be it the same file")
	}
	c := &certificate{cert: cert, key: key, log: log}
	if _, err := c.get(nil); err != nil {
		return nil, fmt.Errorf("--tls-cert %s: %w", cert, err)
	}
	return &tls.Config{GetCertificate: c.get}, nil
}

// get is the certificate as the files have it now. New files that can't be read,
// or are half written, leave the one before.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := stamps(c.cert, c.key)
	if err == nil && c.loaded != nil && now == c.of {
		return c.loaded, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.loaded, c.of = &pair, now
			return c.loaded, nil
		}
	}
	if c.loaded == nil {
		return nil, err
	}
	if c.failed != now {
		c.failed = now
		c.log.Error("the new certificate can't be used; the one before is", "file", c.cert, "error", err)
	}
	return c.loaded, nil
}

func stamps(files ...string) (s [2]fileStamp, err error) {
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return s, err
		}
		s[i] = fileStamp{info.Size(), info.ModTime()}
	}
	return s, nil
}
