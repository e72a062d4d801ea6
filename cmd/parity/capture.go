package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

type captureFlags struct {
	upstream, listen, admin, out, spool string
	mode, sample, tlsCert, tlsKey       string
	upstreamTLS                         replay.TLSFiles
	mirror                              int
	model, version                      []string
	maxBody, segmentBytes               int64
	spoolBytes, queueBytes              int64
	segmentAge, syncInterval, grace     time.Duration
	limits                              dataset.Limits
	dryRun                              int
	metrics                             metricsFlags
	json                                bool
}

func (a *app) captureCommand() *cobra.Command {
	var f captureFlags
	cmd := &cobra.Command{
		Use:   "capture --upstream URL --listen ADDR --out RECORDING",
		Short: "Stand in front of the old service and record its requests and answers",
		Long: `Stand in front of the old service: serve first, record second. Nothing that the
recorder does delays or fails a live answer; what it can't keep up with is dropped
and counted. Credentials headers are never recorded.

Exchanges go to a spool on the local disk, and from there in sealed objects to the
recording. The spool survives a crash: the next start on it ships what is there.
SIGTERM stops accepting, drains, seals and ships.

With --mode mirror it stands beside the old service instead: a proxy (nginx, Envoy,
Istio, HAProxy) sends it a copy of each request, which it answers with 204 at once.
It asks the old service the same once more and records that answer, so that the old
service is asked twice; docs/capture.md has the lines of configuration. With --mode ingest it
asks nobody: services that record themselves POST what they recorded, as lines of
the import format to /v1/exchanges, or as KServe's logger does.

--model-from says where an exchange's model is found; the first rule that yields
one wins: path:/models/{model}/classify, header:X-Model, json:/model (a JSON
Pointer into the request body), const:name.`,
		Example: `  parity capture --upstream http://127.0.0.1:8080 --listen :8081 --out recording --model-from 'path:/models/{model}/classify'
  parity capture --upstream http://127.0.0.1:8080 --listen :8081 --out s3://bucket/recording --model-from header:X-Model --spool /var/lib/parity
  parity capture --mode mirror --upstream http://127.0.0.1:8080 --listen :8081 --out recording
  parity capture --mode ingest --listen :8081 --out recording    # curl --data-binary @exchanges.jsonl localhost:8081/v1/exchanges
  parity capture --dry-run 20 --upstream http://127.0.0.1:8080 --listen :8081 --model-from json:/model    # serves, shows, records nothing
  kill -TERM PID && parity ls recording`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("dry-run") {
				return a.captureDry(cmd.Context(), f)
			}
			if f.json {
				return errors.New("--json: only --dry-run prints exchanges")
			}
			return a.capture(cmd.Context(), f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.upstream, "upstream", "", "the old service's `URL`")
	fl.StringVar(&f.mode, "mode", "proxy", "proxy: in the old service's path; mirror: take what a proxy mirrors, and ask the old service itself; ingest: take what services record themselves")
	fl.IntVar(&f.mirror, "mirror-concurrency", 16, "with --mode mirror, ask the old service for at most `N` at a time")
	fl.StringVar(&f.listen, "listen", "", "the `ADDR` to serve on, as in :8081; or fd:3, a socket that was handed over")
	fl.StringVar(&f.tlsCert, "tls-cert", "", "serve TLS with this certificate: a PEM `FILE`, read again when it changes")
	fl.StringVar(&f.tlsKey, "tls-key", "", "the certificate's key, a PEM `FILE`")
	fl.StringVar(&f.upstreamTLS.CA, "upstream-ca", "", "trust these authorities for an https upstream, in place of the machine's: a PEM `FILE`")
	fl.StringVar(&f.upstreamTLS.ServerName, "upstream-name", "", "the `NAME` that the upstream's certificate must have (default: its host)")
	fl.StringVar(&f.upstreamTLS.Cert, "upstream-cert", "", "the certificate to show to the upstream: a PEM `FILE`")
	fl.StringVar(&f.upstreamTLS.Key, "upstream-key", "", "its key, a PEM `FILE`")
	fl.StringVar(&f.admin, "admin", "", "serve /healthz, /readyz, /metrics (Prometheus) and /ledger on this loopback `ADDR`")
	fl.StringVar(&f.out, "out", "", "the `RECORDING` to write: a folder or s3://bucket/prefix")
	fl.StringVar(&f.spool, "spool", "", "the `DIR` of the spool (default: parity-spool in the working directory)")
	fl.StringArrayVar(&f.model, "model-from", nil, "a `RULE` for the model; may be repeated")
	fl.StringArrayVar(&f.version, "version-from", nil, "a `RULE` for the model's version; may be repeated")
	fl.StringVar(&f.sample, "sample", "", "record only this `SHARE` of the requests, as in 10%, or so many a minute of each model, as in 600/m; capture.sample of the config has models of their own")
	fl.Int64Var(&f.maxBody, "max-body", 0, "record at most this many `BYTES` of a body (default 8 MiB)")
	fl.Int64Var(&f.segmentBytes, "segment-bytes", 0, "seal an object at this many `BYTES` (default 16 MiB)")
	fl.DurationVar(&f.segmentAge, "segment-age", 0, "seal an object after this time (default 5m)")
	fl.Int64Var(&f.spoolBytes, "spool-bytes", 0, "let the spool take at most this many `BYTES` of its disk; what does not fit is dropped (default 1 GiB)")
	fl.Int64Var(&f.queueBytes, "queue-bytes", 0, "let what waits for the disk take at most this many `BYTES` of memory; what does not fit is dropped (default 64 MiB)")
	fl.DurationVar(&f.syncInterval, "sync-interval", 0, "sync the spool to its disk so often: a loss of power costs up to so much (default 1s)")
	fl.IntVar(&f.limits.Rows, "split-rows", 0, "exchanges in a split, the unit of work of replay and compare (default 10000)")
	fl.DurationVar(&f.grace, "grace", 25*time.Second, "after SIGTERM, finish requests and ship for at most this time")
	f.metrics.registerReceiver(cmd)
	fl.IntVar(&f.dryRun, "dry-run", 0, "serve, show what would be recorded of the next `N` exchanges, record nothing, and stop")
	fl.BoolVar(&f.json, "json", false, "with --dry-run: show them as JSON Lines, as cat would")
	cmd.MarkFlagRequired("listen")
	cmd.MarkFlagsOneRequired("out", "dry-run")
	return cmd
}

func (a *app) capture(ctx context.Context, f captureFlags) error {
	opts, err := a.captureOptions(f)
	if err != nil {
		return err
	}
	if err := f.recordTo(ctx, &opts); err != nil {
		return err
	}
	sidecar, err := a.sidecar(ctx, f, opts, fmt.Sprintf("recording to %s by way of %s", f.out, opts.Spool))
	if sidecar != nil {
		a.sayLedger(sidecar)
	}
	return err
}

func (a *app) sayLedger(s *capture.Sidecar) {
	fmt.Fprintf(a.stderr, "capture: %s%s\n", s.Ledger(), byReason(s.Ledger().Dropped))
}

// captureDry is capture that shows what it would record.
func (a *app) captureDry(ctx context.Context, f captureFlags) error {
	opts, err := a.captureOptions(f)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	r, err := a.rehearse(&opts, f, end)
	if err != nil {
		return err
	}
	defer os.RemoveAll(opts.Spool)
	_, err = a.sidecar(ctx, f, opts, fmt.Sprintf("nothing is recorded: what would be is shown of the next %d exchanges", f.dryRun))
	if !f.json {
		r.summary(a.stdout)
	}
	return errors.Join(err, r.err)
}

// sidecar serves until ctx ends. There is a sidecar, be it with an error, where it came
// to serving.
func (a *app) sidecar(ctx context.Context, f captureFlags, opts capture.Options, what string) (*capture.Sidecar, error) {
	encrypted, err := frontTLS(f.tlsCert, f.tlsKey, opts.Log)
	if err != nil {
		return nil, err
	}
	front, err := listenFront(f.listen)
	if err != nil {
		return nil, err
	}
	defer front.Close()
	admin, err := listenAdmin(f.admin)
	if err != nil {
		return nil, err
	}
	var metrics *metrics
	if opts.Preview == nil { // what is not recorded must not be counted so
		if metrics, err = f.metrics.open(a); err != nil {
			return nil, err
		}
	}
	defer a.closeMetrics(metrics)
	sidecar, err := capture.New(opts)
	if err != nil {
		return nil, err
	}
	if len(opts.Model) == 0 {
		fmt.Fprintf(a.stderr, "capture: no --model-from: every exchange is recorded as model %s\n", exchange.UnknownModel)
	}
	where := "what is sent to it"
	if opts.Upstream != nil {
		where = f.mode + " to " + opts.Upstream.Redacted()
	}
	fmt.Fprintf(a.stderr, "capture: %s, %s, %s\n", front.Addr(), where, what)
	statsd := newCaptureStatsd(metrics, sidecar)
	sending, stop := context.WithCancel(ctx)
	defer stop()
	var sender errgroup.Group
	sender.Go(func() error { statsd.run(sending); return nil })
	err = a.serve(ctx, sidecar, capture.NewFront(sidecar, encrypted), front, admin, f.grace)
	stop()
	sender.Wait()
	statsd.send(time.Now())
	return sidecar, err
}

// linger is how long a connection that nobody uses is kept after SIGTERM, so that
// its client can be told with an answer that it ends.
const linger = 5 * time.Second

// serve runs the sidecar until ctx ends. Then it goes down in this order: no
// new connections, requests under way to their end, what was accepted to the
// spool, the spool to the recording.
func (a *app) serve(ctx context.Context, s *capture.Sidecar, server *capture.Front, front, admin net.Listener, grace time.Duration) error {
	recording, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	var recorder errgroup.Group
	recorder.Go(func() error { return s.Run(recording) })
	serving := errgroup.Group{}
	failed := make(chan struct{})
	serving.Go(func() error {
		err := server.Serve(front)
		if err != nil {
			close(failed)
		}
		return err
	})
	adminServer := &http.Server{Handler: adminHandler(s), ReadHeaderTimeout: time.Minute}
	if admin != nil {
		serving.Go(func() error {
			if err := adminServer.Serve(admin); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	select {
	case <-ctx.Done():
	case <-failed:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Stop(end, min(linger, grace/2)); err != nil {
		fmt.Fprintf(a.stderr, "capture: requests were cut off after %s: %v\n", grace, err)
	}
	stopRecording()
	adminServer.Close()
	err := errors.Join(serving.Wait(), recorder.Wait(), s.Close(end))
	if refused := s.Refused(); refused != nil {
		fmt.Fprintf(a.stderr, "capture: requests that were refused, and not passed on%s\n", byReason(refused))
	}
	return err
}
