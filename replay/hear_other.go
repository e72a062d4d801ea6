//go:build !unix

package replay

import "net"

// canHear is false where nobody knows how to look at a connection that waits: there
// net/http, whose transport reads all the time, does what http1 does elsewhere.
const canHear = false

func hear(net.Conn) heard { return nothing }
