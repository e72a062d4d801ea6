package replay

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strings"
	"syscall"

	"github.com/modelparity/parity/internal/exchange"
)

// classify says what kind of failure err is. The order matters: a name that
// takes too long to resolve is a matter of DNS, a handshake or a dial that
// takes too long one of time. What nothing else explains is something that
// net/http could not read as HTTP, for which it has no types.
func classify(err error) exchange.Failure {
	switch {
	case errors.Is(err, errTooLarge):
		return exchange.TooLarge
	case is[*net.DNSError](err):
		return exchange.DNS
	case isTimeout(err):
		return exchange.Timeout
	case isTLS(err):
		return exchange.TLS
	case isRefused(err):
		return exchange.Refused
	case isReset(err):
		return exchange.Reset
	}
	return exchange.Protocol
}

// isOurs says that this machine has no file left for a connection: that says nothing
// of the endpoint, and must not stand in its row.
func isOurs(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// isTLS knows crypto/tls by its two types, by the operations in which it wraps
// alerts, which have no exported type, and by the prefix of its plain texts.
func isTLS(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) ||
		ok && (op.Op == "remote error" || op.Op == "local error") || strings.HasPrefix(err.Error(), "tls: ")
}

func isRefused(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect") || errors.Is(err, syscall.ECONNREFUSED)
}

// notEstablished is what HTTP/2 says where the server has closed a connection by
// the time that it is used first.
const notEstablished = "client conn could not be established"

// isReset matches texts where net/http has neither a type nor a variable: a
// server that closes as the request is under way, and what HTTP/2 says of it.
func isReset(err error) bool {
	for _, cause := range []error{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, cause) {
			return true
		}
	}
	for _, text := range []string{"server closed idle connection", "stream error: ", "server sent GOAWAY", "client connection lost", notEstablished} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// words is err in words. Addresses go, as a port of ours differs each time,
// and so does what net/http quotes from the answer, which may be a secret.
func words(err error) string {
	text := err.Error()
	if op, ok := errors.AsType[*net.OpError](err); ok {
		text = op.Op + ": " + strings.TrimPrefix(op.Err.Error(), op.Op+": ")
	}
	if is[textproto.ProtocolError](err) {
		text = "malformed header in the answer"
	}
	text, _, _ = strings.Cut(text, ` "`)
	text, _, _ = strings.Cut(text, ": current time ") // of a certificate that has expired: another one each time
	if strings.Contains(text, notEstablished) {
		text += ": the server closed it after the handshake, as it does where it wants another client certificate"
	}
	return text
}

// short keeps the error's column small, and UTF-8. The longest is that of a mapping:
// its place in the config, that in the document, and what it says.
func short(text string) string {
	const most = 400
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
