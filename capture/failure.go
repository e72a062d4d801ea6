package capture

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/modelparity/parity/internal/exchange"
)

// classify says why there is no answer. A client that stopped sending or went
// away comes before whatever the transport made of it.
func (t *tap) classify(ctx context.Context, err error) exchange.Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil || t.request.failed {
		return exchange.Canceled
	}
	return classify(err)
}

// classify sorts the errors of an HTTP transport.
func classify(err error) exchange.Failure {
	var (
		dns    *net.DNSError
		record tls.RecordHeaderError
		alert  tls.AlertError
		verify *tls.CertificateVerificationError
		host   x509.HostnameError
	)
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return exchange.Canceled
	case errors.As(err, &dns):
		return exchange.DNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return exchange.Refused
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return exchange.Timeout
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verify), errors.As(err, &host):
		return exchange.TLS
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return exchange.Reset
	}
	return exchange.Protocol
}
