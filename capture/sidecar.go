// Package capture is the sidecar: a reverse proxy in front of the old service
// that serves first and records second.
//
//	client ──▶ tap ──▶ old service          the live path: copies bodies as they stream
//	            │ finished exchange
//	            ▼
//	          queue ──▶ writer ──▶ spool     one goroutine; frames in segment files, fsync by group
//	                                 │ sealed segment
//	                                 ▼
//	                              shipper ──▶ exchange.Sink      one goroutine; retries, then deletes
//
// The live path never waits for what is below it: when the queue or the spool
// is full the record is dropped, and the drop is counted. The counts are kept in
// shared memory, so they survive kill -9 (see ledger.go).
//
// It runs on Unix only: the spool needs flock and mmap.
package capture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/exchange"
)

// Options say what a Sidecar records and where to. Zero numbers mean the default.
type Options struct {
	// Upstream is the old service: http(s)://host[:port][/path], or h2c:// where
	// it speaks HTTP/2 in cleartext only. A path goes before every request's path
	// on the way there and is not recorded. nil where there is only a Middleware,
	// and nobody to pass anything on to.
	Upstream *url.URL
	// UpstreamTLS is for an https Upstream; nil trusts the system's authorities.
	UpstreamTLS *tls.Config
	// UpstreamIdle is how long a connection to the old service is kept that
	// nobody uses, 1.5 s by default. It must be shorter than what the old service
	// itself allows: a request that meets the closing of its connection fails,
	// and may not be sent again where it is a POST.
	UpstreamIdle time.Duration
	// Mirror is how many mirrored requests the old service is asked at a time; 0
	// where the sidecar stands in its path. A mirrored request is answered with 204
	// at once; the old service is asked once more, and that answer is recorded.
	// Up to 1,024 wait; past that, and where memory is full, they are dropped as
	// "mirror_full", and those with a body over MaxBody as "mirror_too_large".
	Mirror int
	// Ingest is true where services that record themselves send what they
	// recorded: the jsonl import format to POST /v1/exchanges, KServe's CloudEvents
	// to POST /. There is no Upstream then.
	Ingest bool
	// Model and Version are the rules for an exchange's model and model
	// version. The first that yields a value wins; if none does the model is
	// exchange.UnknownModel and the version "".
	Model, Version []Rule
	// Sampling says what is recorded of which models; the rest is counted as sampled
	// out. The zero value is everything.
	Sampling Sampling
	// Redact is hidden before anything of an exchange reaches the disk. A body that
	// may hold something of it and can't be read whole is not recorded: such
	// exchanges are dropped as "unredactable".
	Redact Redaction
	// Spool is the folder for what is not shipped yet. It is created if need be
	// and belongs to one sidecar at a time.
	Spool string
	// Recording is what Ship writes to, as an absolute location; a spool
	// belongs to one recording, and New refuses it for another.
	Recording string
	// MaxBody is how many bytes of each body are recorded, 8 MiB by default and
	// at most 1 GiB. A longer body is passed on whole; its row gets the Defect
	// request_truncated or response_truncated.
	MaxBody int64
	// CopyBytes bounds the memory that the bodies of exchanges under way take,
	// 256 MiB by default, or room for one exchange where that is more. Past it
	// exchanges are passed on and dropped as "memory_full".
	CopyBytes int64
	// QueueBytes bounds the records that wait for the disk, 64 MiB by default
	// and at most 16 GiB. Past it records are dropped as "queue_full".
	QueueBytes int64
	// SpoolBytes bounds the spool's files, 1 GiB by default. Past it records
	// are dropped as "spool_full".
	SpoolBytes int64
	// SegmentBytes and SegmentAge say when a segment is sealed: at 16 MiB or
	// after 5 minutes by default, and at every full hour.
	SegmentBytes int64
	SegmentAge   time.Duration
	// SyncInterval is how often the spool is synced to the disk, 1 s by
	// default; ages are looked at as often. A crash of the process loses nothing
	// that was written. A loss of power loses up to this much: such exchanges
	// are counted as lost, or not counted at all where the count went with them.
	SyncInterval time.Duration
	// Ship opens the object that a sealed segment becomes. The object's name
	// must follow from Segment.Instance and Segment.ID alone, so that shipping a
	// segment twice makes one object.
	Ship func(ctx context.Context, s Segment) (exchange.Sink, error)
	// Preview is told of each exchange in the place of recording it: a dry run. It is
	// called by Run, for one after the other; the exchange is valid until it returns.
	Preview func(Preview)
	// Log takes drops, damage and failures; slog.Default() by default.
	Log *slog.Logger
}

// Segment says what is in one sealed segment.
type Segment struct {
	Instance string      // the sidecar's, 8 hexadecimal digits
	ID       exchange.ID // of the segment; grows with every segment of an instance
	Opened   time.Time   // to the millisecond, UTC
	// Ledger counts everything since the instance's first exchange, up to the
	// moment of sealing and including this segment's rows. It balances. The
	// ledger of a recording is the sum over instances of the one in the segment
	// with the highest ID.
	Ledger exchange.Ledger
}

// Validate names the first option that makes no sense.
func (o Options) Validate() error {
	switch u := o.Upstream; {
	case u != nil && (!slices.Contains([]string{"http", "https", "h2c"}, u.Scheme) || u.Host == "" || u.User != nil || u.RawQuery != ""):
		return fmt.Errorf("upstream %v: must be http(s)://host[:port][/path] or h2c://host[:port][/path]", u)
	case o.Spool == "":
		return errors.New("spool: must name a folder")
	case o.Recording == "":
		return errors.New("recording: must say what Ship writes to, as an absolute location")
	case o.Ship == nil:
		return errors.New("ship: there is nowhere to ship to")
	case o.MaxBody < 0 || o.MaxBody > 1<<30:
		return fmt.Errorf("max body %d: must be between 0 (the default) and 1 GiB", o.MaxBody)
	case o.QueueBytes < 0 || o.QueueBytes > maxPending*recordOverhead:
		return fmt.Errorf("queue bytes %d: must be between 0 (the default) and 16 GiB", o.QueueBytes)
	case o.Ingest && (u != nil || o.Mirror > 0):
		return errors.New("ingest: there is no upstream to pass anything on to, or to ask")
	case o.Mirror < 0 || o.Mirror > 10_000:
		return fmt.Errorf("mirror %d: must be between 1 and 10,000 at a time, or 0 for a sidecar in the path", o.Mirror)
	case o.CopyBytes < 0, o.SpoolBytes < 0, o.SegmentBytes < 0, o.SegmentAge < 0, o.SyncInterval < 0, o.UpstreamIdle < 0:
		return errors.New("copy bytes, spool bytes, segment bytes, segment age, sync interval and upstream idle must not be negative")
	}
	if err := errors.Join(o.Redact.Validate(), o.Sampling.Validate()); err != nil {
		return err
	}
	for _, r := range append(o.Model[:len(o.Model):len(o.Model)], o.Version...) {
		if r.yield == nil {
			return errors.New("an empty rule: make rules with ParseRule")
		}
		if o.Redact.clashes(r) {
			return fmt.Errorf("rule %q looks at what is redacted, and the name would tell it: take another rule", r.text)
		}
	}
	return nil
}

func (o *Options) setDefaults() {
	setDefault(&o.MaxBody, 8<<20)
	setDefault(&o.CopyBytes, max(256<<20, 2*o.MaxBody))
	setDefault(&o.QueueBytes, 64<<20)
	setDefault(&o.SpoolBytes, 1<<30)
	setDefault(&o.SegmentBytes, 16<<20)
	setDefault(&o.SegmentAge, 5*time.Minute)
	setDefault(&o.SyncInterval, time.Second)
	setDefault(&o.UpstreamIdle, 1500*time.Millisecond)
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

func setDefault[T ~int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Sidecar is the proxy and its recorder. It serves from New on; what it
// records reaches the disk while Run runs.
//
// The order of its life: New, serve and Run, stop serving, cancel Run and wait
// for it, Close.
type Sidecar struct {
	opt      Options
	upstream *upstream
	mirror   *mirror // nil: it stands in the path
	ingest   *ingest // nil: it asks an upstream
	refused  refusals
	draining atomic.Bool
	inFlight atomic.Int64
	added    durations
	shipped  atomic.Int64 // objects
	failures atomic.Int64 // of shipping

	sampledOut byModel
	unknown    atomic.Int64 // exchanges of no model

	memory   memory
	queue    *queue
	spool    *spool
	ledger   *ledger
	tapPanic atomic.Pointer[panicError] // the last one, not logged yet
}

// New checks the options, locks the spool and recovers what an earlier sidecar
// left in it: counts what was in flight as lost and makes the rest ready to
// ship. Two sidecars on one spool are an error that names the folder, a spool of
// another recording one that names that.
func New(o Options) (*Sidecar, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	sp, err := openSpool(o.Spool, o.Recording, o.Log)
	if err != nil {
		return nil, err
	}
	s := &Sidecar{opt: o, spool: sp, ledger: sp.ledger, queue: newQueue(o.QueueBytes, sp.ledger)}
	s.memory.left.Store(o.CopyBytes)
	if o.Upstream != nil {
		s.upstream = newUpstream(&s.opt)
	}
	if o.Ingest {
		s.ingest = newIngest(s)
	}
	if o.Mirror > 0 {
		s.mirror = newMirror(s, o.Mirror)
	}
	return s, nil
}

// Run writes and ships until ctx is done; then it writes everything that was
// accepted, seals it and returns. Exchanges that finish later are dropped as
// "shutdown". An error says what could not be sealed: it stays in the spool, and
// the next New recovers it.
//
// Where writing or shipping panics it stops, and exchanges are dropped as
// "queue_full" or "spool_full": live traffic goes on.
func (s *Sidecar) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { return s.guard("writing", func() error { return newWriter(s).run(ctx) }) })
	g.Go(func() error { return s.guard("shipping", func() error { s.shipper().run(ctx); return nil }) })
	return g.Wait()
}

func (s *Sidecar) guard(doing string, f func() error) error {
	err := guard(f)
	var p *panicError
	if errors.As(err, &p) {
		s.opt.Log.Error(doing+" stopped until the next start", "error", p, "stack", string(p.stack))
	}
	return err
}

// Close tries once more to ship what is sealed, until ctx is done, and unlocks
// the spool. An error says what stays there; the next sidecar on this spool ships
// it. Call it once, after Run.
func (s *Sidecar) Close(ctx context.Context) error {
	if s.upstream != nil {
		s.upstream.close()
	}
	err := s.shipper().drain(ctx)
	if err == nil && s.ledger.unsealed() { // what turned out damaged just now is counted in no object yet
		if err = newWriter(s).sealNow(); err == nil {
			err = s.shipper().drain(ctx)
		}
	}
	return errors.Join(err, s.spool.close())
}

// Instance is the name that this spool's segments carry: 8 hexadecimal digits,
// made at random with the spool.
func (s *Sidecar) Instance() string { return s.ledger.instance }

// Ledger counts what became of every finished exchange since the spool was
// made. Those that wait for the disk are not in it yet: see Status.Pending.
func (s *Sidecar) Ledger() exchange.Ledger {
	l, _ := s.ledger.snapshot()
	return l
}

// LostBefore is how many exchanges New found to be lost: they were in memory when an
// earlier sidecar on this spool died. They are in the ledger.
func (s *Sidecar) LostBefore() int64 { return int64(s.spool.lost) }

// Refused counts the requests that were not passed on since New, by reason; nil
// where there are none. They are no exchanges, and stand in no ledger.
func (s *Sidecar) Refused() map[string]int64 { return s.refused.counts() }

// Draining says that the Front is stopping: new clients should go elsewhere.
func (s *Sidecar) Draining() bool { return s.draining.Load() }
