package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// connections is how many requests each contender has in flight.
const connections = "64"

// replayBench is where things are.
type replayBench struct {
	dir      string // of what is generated
	tools    string // the folder of vegeta and gor
	parity   string // the binary
	requests int
	server   *server
}

// replayMain measures `parity replay` beside load generators and GoReplay:
// recorded requests of 1 KB to a fast server on the same cores, the answers
// stored. With -rate it shows instead that --rate holds.
func replayMain(ctx context.Context, args []string) error {
	flag := flag.NewFlagSet("bench replay", flag.ExitOnError)
	b := &replayBench{}
	flag.IntVar(&b.requests, "requests", 200_000, "how many requests to send")
	flag.StringVar(&b.parity, "parity", "bin/parity", "the binary to measure")
	flag.StringVar(&b.tools, "tools", ".cache/bin", "the folder of vegeta and gor")
	repeats := flag.Int("repeats", 3, "how often to measure; the medians count")
	only := flag.String("only", "parity,vegeta,goreplay,wrk", "whom to measure")
	rate := flag.Bool("rate", false, "show that --rate holds, from 10 to 10,000 requests a second")
	serve := flag.Bool("serve", false, "be the server, and measure nothing")
	address := flag.String("generate-for", "", "write the requests for a server at this address to -dir, and measure nothing")
	flag.StringVar(&b.dir, "dir", "", "see -generate-for")
	flag.Parse(args)
	switch {
	case *serve:
		return serveMain()
	case *address != "":
		return writeRequests(ctx, b.dir, *address, b.requests)
	}
	dir, err := os.MkdirTemp("", "parity-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if b.server, err = startServer(ctx, "replay", "-serve"); err != nil {
		return err
	}
	defer b.server.stop()
	if *rate {
		return b.rates(ctx)
	}
	if err := b.generate(ctx, b.requests); err != nil {
		return err
	}
	return b.besideOthers(ctx, *repeats, strings.Split(*only, ","))
}

// generate writes the requests in a process of its own, as compare's bench does.
func (b *replayBench) generate(ctx context.Context, requests int) error {
	log.Printf("generating %d requests of %d bytes", requests, requestBytes)
	return again(ctx, "replay", "-generate-for", b.server.address, "-dir", b.dir, "-requests", fmt.Sprint(requests))
}

func (b *replayBench) path(name string) string { return filepath.Join(b.dir, name) }

// server is the endpoint in a process of its own, so that what it takes is not
// counted as anybody's.
type server struct {
	address string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func startServer(ctx context.Context, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, self, args...)}
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := s.out.ReadString('\n')
	s.address = strings.TrimSpace(line)
	return s, err
}

// counted asks what came since reset.
func (s *server) counted() (counted, error) { return s.ask('?') }

func (s *server) reset() error {
	_, err := s.ask('0')
	return err
}

func (s *server) ask(command byte) (c counted, err error) {
	if _, err := s.in.Write([]byte{command}); err != nil {
		return c, err
	}
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(line, &c)
}

func (s *server) stop() {
	s.in.Close()
	s.cmd.Wait()
}

// load is what one contender took for all requests.
type load struct {
	requests int64
	rate     float64 // requests a second
	cpu      float64 // seconds per million requests
	memory   float64 // MB
}

// sender asks the server one way.
type sender struct {
	name  string
	run   func(ctx context.Context, round int) (cost, error)
	loads []load
}

// besideOthers measures all contenders by turns and prints the medians.
func (b *replayBench) besideOthers(ctx context.Context, repeats int, only []string) error {
	senders := b.senders(only)
	for round := range repeats {
		log.Printf("measuring, %d of %d", round+1, repeats)
		for i := range senders {
			l, err := b.measure(ctx, &senders[i], round)
			if err != nil {
				return err
			}
			senders[i].loads = append(senders[i].loads, l)
		}
	}
	if slices.Contains(only, parityName) {
		if err := b.verify(ctx, repeats); err != nil {
			return err
		}
	}
	return printLoads(senders)
}

func (b *replayBench) measure(ctx context.Context, s *sender, round int) (load, error) {
	if err := b.server.reset(); err != nil {
		return load{}, err
	}
	cost, err := s.run(ctx, round)
	if err != nil {
		return load{}, err
	}
	got, err := b.server.counted()
	if err != nil {
		return load{}, err
	}
	if s.name != wrkName && got.Requests != int64(b.requests) {
		return load{}, fmt.Errorf("%s sent %d requests of %d: the comparison is void", s.name, got.Requests, b.requests)
	}
	return load{got.Requests, got.rate(), 1e6 * cost.cpu / float64(got.Requests), cost.memory}, nil
}

// printLoads prints the medians; ratios are to vegeta.
func printLoads(senders []sender) error {
	middle := func(s sender, of func(load) float64) float64 {
		var all []float64
		for _, l := range s.loads {
			all = append(all, of(l))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	rate, cpu, memory := func(l load) float64 { return l.rate }, func(l load) float64 { return l.cpu }, func(l load) float64 { return l.memory }
	yardstick := senders[max(0, slices.IndexFunc(senders, func(s sender) bool { return s.name == vegetaName }))]
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "contender\trequests/s\tCPU s per million\tpeak MB\trate/%s's\tCPU/%s's\t\n", yardstick.name, yardstick.name)
	for _, s := range senders {
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%.0f\t%.2f\t%.2f\t\n", s.name, middle(s, rate), middle(s, cpu), middle(s, memory),
			middle(s, rate)/middle(yardstick, rate), middle(s, cpu)/middle(yardstick, cpu))
	}
	return w.Flush()
}
