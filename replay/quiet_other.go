//go:build !unix

package replay

import "net"

// quiet can't know here whether something came on a connection that waits.
func quiet(net.Conn) bool { return true }
