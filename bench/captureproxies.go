package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"

	"github.com/modelparity/parity/internal/dataset"
)

const (
	directName  = "direct"
	nginxName   = "nginx"
	mirrorName  = "nginx-mirror"
	bareName    = "reverseproxy"
	captureName = "parity"
)

var proxyNames = []string{directName, nginxName, mirrorName, bareName, captureName}

// proxy is one way to the server.
type proxy struct {
	name string
	// command says how it is started, so that it listens at an address; nil where
	// nothing is in between.
	command func(dir, listen string) ([]string, error)
	// recorded counts what it recorded; nil where it does not record.
	recorded func(ctx context.Context, recording string) (int64, error)
}

// proxies are those that are asked for and are there.
func (b *captureBench) proxies(only []string) []proxy {
	all := []proxy{
		{name: directName},
		{name: nginxName, command: b.nginx("")},
		{name: mirrorName, command: b.nginx("mirror /mirror;")},
		{name: bareName, command: b.bare},
		{name: captureName, command: b.capture, recorded: countRows},
	}
	_, missing := exec.LookPath("nginx")
	return slices.DeleteFunc(all, func(c proxy) bool {
		if !slices.Contains(only, c.name) {
			return true
		}
		if missing != nil && (c.name == nginxName || c.name == mirrorName) {
			log.Printf("%s is left out: there is no nginx (Debian's nginx-light)", c.name)
			return true
		}
		return false
	})
}

// nginxConfig is a proxy of one process that keeps its connections.
const nginxConfig = `daemon off; master_process off; pid %[1]s/pid; error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off; keepalive_requests 100000000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	upstream old { server %[2]s; keepalive 64; keepalive_requests 100000000; }
	upstream sink { server %[3]s; keepalive 64; keepalive_requests 100000000; }
	server {
		listen %[4]s;
		proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
		location / { proxy_pass http://old; %[5]s }
		location = /mirror { internal; proxy_pass http://sink$request_uri; }
	}
}
`

func (b *captureBench) nginx(more string) func(dir, listen string) ([]string, error) {
	return func(dir, listen string) ([]string, error) {
		file := filepath.Join(dir, "nginx.conf")
		config := fmt.Sprintf(nginxConfig, dir, b.server.address, b.sink.address, listen, more)
		return []string{"nginx", "-p", dir, "-c", file, "-e", "stderr"}, os.WriteFile(file, []byte(config), 0o600)
	}
}

func (b *captureBench) bare(_, listen string) ([]string, error) {
	self, err := os.Executable()
	return []string{self, "capture", "-proxy", b.server.address, "-listen", listen}, err
}

func (b *captureBench) capture(dir, listen string) ([]string, error) {
	return []string{
		b.parity, "capture", "--upstream", "http://" + b.server.address, "--listen", listen, "--model-from", "path:/models/{model}",
		"--out", filepath.Join(dir, recordingFolder), "--spool", filepath.Join(dir, "spool"),
	}, nil
}

// countRows is how many exchanges a recording has.
func countRows(ctx context.Context, location string) (rows int64, err error) {
	rec, err := dataset.OpenRecording(ctx, location)
	if err != nil {
		return 0, err
	}
	splits, err := rec.Splits(ctx)
	for _, s := range splits {
		rows += s.Rows
	}
	return rows, err
}

// bareProxy is net/http's ReverseProxy as one has it who cares for speed: it
// keeps its connections and its buffers, and asks for no gzip.
func bareProxy(listen, to string) error {
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})
	p.Transport = &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}
	p.BufferPool = &buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}}
	return http.ListenAndServe(listen, p)
}

type buffers struct{ sync.Pool }

func (b *buffers) Get() []byte  { return b.Pool.Get().(*[32 << 10]byte)[:] }
func (b *buffers) Put(p []byte) { b.Pool.Put((*[32 << 10]byte)(p)) }

// sinkMain answers 204 until stdin ends.
func sinkMain() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go swallow(c)
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func swallow(c net.Conn) {
	defer c.Close()
	in := bufio.NewReaderSize(c, 16<<10)
	for {
		body, err := readBody(in)
		if err != nil {
			return
		}
		in.Discard(len(body))
		if _, err := io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
			return
		}
	}
}

// freeAddress is where nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs the contender until it can be reached.
func (b *captureBench) start(ctx context.Context, c *proxy, dir string) (*process, error) {
	if c.command == nil {
		return &process{address: b.server.address}, nil
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	command, err := c.command(dir, address)
	if err != nil {
		return nil, err
	}
	command = append(slices.Clone(b.pin), command...)
	p := &process{address: address, cmd: exec.CommandContext(ctx, command[0], command[1:]...), ended: make(chan struct{}), said: &bytes.Buffer{}}
	p.cmd.Stderr = p.said
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.wait()
	return p, p.reachable()
}
