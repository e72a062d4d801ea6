// Package recorder lets a service in Go record itself: what capture's sidecar does
// in front of a service, within it. It puts together capture, which knows no
// Parquet and no S3, and the recordings that the other verbs read.
package recorder

import (
	"context"
	"fmt"
	"net/http"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Recorder records what passes its Middleware.
type Recorder struct {
	sidecar *capture.Sidecar
	stop    context.CancelFunc
	ran     chan error
}

// Open begins to record to a folder or s3://bucket/prefix, which is configured as
// every AWS tool is. Of o the fields Recording, Ship, Upstream and Mirror are not
// looked at; Spool must name a folder on a local disk, for this process alone.
func Open(ctx context.Context, recording string, o capture.Options) (*Recorder, error) {
	b, err := store.Open(ctx, recording)
	if err != nil {
		return nil, err
	}
	if o.Recording, err = store.Absolute(recording); err != nil {
		return nil, err
	}
	o.Upstream, o.Mirror, o.Ship = nil, 0, Ship(b, dataset.Limits{})
	s, err := capture.New(o)
	if err != nil {
		return nil, err
	}
	r := &Recorder{sidecar: s, ran: make(chan error, 1)}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	go func() { r.ran <- s.Run(running) }()
	return r, nil
}

// Middleware records what next is asked and answers. What the recorder can't keep
// up with is dropped and counted; next never waits for it.
func (r *Recorder) Middleware(next http.Handler) http.Handler { return r.sidecar.Middleware(next) }

// Sidecar tells what was recorded and dropped, by Ledger and Status.
func (r *Recorder) Sidecar() *capture.Sidecar { return r.sidecar }

// Close writes and ships what was recorded, until ctx is done. Call it once, when
// the server has stopped. What an error says was not shipped stays in the spool,
// and the next Open ships it.
func (r *Recorder) Close(ctx context.Context) error {
	r.stop()
	if err := <-r.ran; err != nil {
		r.sidecar.Close(ctx)
		return fmt.Errorf("record: %w", err)
	}
	return r.sidecar.Close(ctx)
}

// Ship makes objects of a recording in b of sealed segments.
func Ship(b store.Bucket, limits dataset.Limits) func(context.Context, capture.Segment) (exchange.Sink, error) {
	return func(_ context.Context, s capture.Segment) (exchange.Sink, error) {
		return dataset.NewObject(b, dataset.ObjectInfo{Hour: s.Opened, Instance: s.Instance, ID: s.ID, Ledger: &s.Ledger}, limits)
	}
}
