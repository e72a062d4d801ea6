//go:build unix

package replay

import (
	"bytes"
	"net"
	"syscall"
)

// canHear says that http1 can know whether something came on a connection that
// waits.
const canHear = true

// hear says what has come on a connection that waits: nothing, its end, or bytes,
// which could only be taken for the answer to the next request. That a server says
// 408 before it closes is its end.
func hear(c net.Conn) (h heard) {
	tcp, ok := c.(syscall.Conn)
	if !ok {
		return nothing
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return ended
	}
	err = raw.Read(func(fd uintptr) bool {
		var b [len("HTTP/1.1 408")]byte
		n, err := syscall.Read(int(fd), b[:])
		switch {
		case err == syscall.EAGAIN:
			h = nothing
		case n <= 0 || bytes.HasPrefix(b[:n], []byte("HTTP/1.")) && bytes.HasSuffix(b[:n], []byte(" 408")):
			h = ended
		default:
			h = unasked
		}
		return true
	})
	if err != nil {
		return ended
	}
	return h
}
