package telemetry

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// CheckStatsd says where StatsdOptions.Addr leads, "" where nothing is set, and
// whether anybody accepts metrics there. Of UDP only a machine that says that
// nobody listens is known.
func CheckStatsd(addr string) (where string, err error) {
	where = cmp.Or(addr, os.Getenv("DD_DOGSTATSD_URL"), os.Getenv("DD_AGENT_HOST"))
	if where == "" {
		return "", nil
	}
	path, isUnix := strings.CutPrefix(where, "unix://")
	stream, isStream := strings.CutPrefix(where, "unixstream://")
	switch {
	case isStream:
		return where, dial("unix", stream)
	case isUnix:
		return where, dial("unixgram", path)
	case strings.HasPrefix(where, "/"):
		return where, dial("unixgram", where)
	}
	host := strings.TrimPrefix(where, "udp://")
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, cmp.Or(os.Getenv("DD_DOGSTATSD_PORT"), "8125"))
	}
	return "udp://" + host, refused(host)
}

const checkTimeout = 5 * time.Second

func dial(network, addr string) error {
	c, err := net.DialTimeout(network, addr, checkTimeout)
	if err != nil {
		return fmt.Errorf("connect to the socket: %w", err)
	}
	return c.Close()
}

// refused sends an empty line, which no receiver counts, and waits a moment for
// the machine to say that nobody listens.
func refused(addr string) error {
	c, err := net.DialTimeout("udp", addr, checkTimeout)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("\n")); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if err := c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		return err
	}
	if _, err := c.Read(make([]byte, 1)); err != nil && !os.IsTimeout(err) {
		return fmt.Errorf("nobody listens: %w", err)
	}
	return nil
}
