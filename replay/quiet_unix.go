//go:build unix

package replay

import (
	"net"
	"syscall"
)

// quiet says that nothing has come on a connection that waits: no end, and no
// bytes, which could only be taken for the answer to the next request.
func quiet(c net.Conn) bool {
	tcp, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	var nothing bool
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, err := syscall.Read(int(fd), b[:])
		nothing = err == syscall.EAGAIN
		return true
	})
	return err == nil && nothing
}
