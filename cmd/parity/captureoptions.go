package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/capture/recorder"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/telemetry"
	"github.com/modelparity/parity/replay"
)

func (a *app) captureOptions(f captureFlags) (capture.Options, error) {
	cfg, err := a.config()
	if err != nil {
		return capture.Options{}, err
	}
	opts := capture.Options{
		MaxBody:    f.maxBody,
		SpoolBytes: f.spoolBytes, QueueBytes: f.queueBytes, SyncInterval: f.syncInterval,
		SegmentBytes: f.segmentBytes, SegmentAge: f.segmentAge, Log: telemetry.Logger(a.stderr),
	}
	if err := f.way(&opts); err != nil {
		return opts, err
	}
	if opts.Model, err = parseRules(f.model, cfg.Capture.Model); err != nil {
		return opts, fmt.Errorf("--model-from: %w", err)
	}
	if opts.Version, err = parseRules(f.version, cfg.Capture.Version); err != nil {
		return opts, fmt.Errorf("--version-from: %w", err)
	}
	if opts.Sampling, err = cfg.Capture.Sampling(f.sample); err != nil {
		return opts, err
	}
	if opts.Redact, err = cfg.Capture.Redact.Redaction(a.getenv); err != nil {
		return opts, err
	}
	return opts, nil
}

// recordTo says where the exchanges go.
func (f *captureFlags) recordTo(ctx context.Context, opts *capture.Options) (err error) {
	if opts.Spool, err = filepath.Abs(cmp.Or(f.spool, "parity-spool")); err != nil {
		return err
	}
	if opts.Recording, err = store.Absolute(f.out); err != nil {
		return err
	}
	b, err := store.Open(ctx, f.out)
	if err != nil {
		return err
	}
	if !strings.Contains(f.out, "://") { // a store that is away must not keep the sidecar from starting
		if err := dataset.RefuseRun(ctx, f.out); err != nil {
			return err
		}
	}
	opts.Ship = recorder.Ship(b, f.limits)
	return errors.Join(opts.Validate(), f.limits.Validate())
}

// way says how exchanges come in.
func (f *captureFlags) way(opts *capture.Options) error {
	switch {
	case f.mode != "proxy" && f.mode != "mirror" && f.mode != "ingest":
		return fmt.Errorf("--mode %q: write proxy, mirror or ingest", f.mode)
	case f.mode == "ingest" && f.upstream != "":
		return errors.New("--upstream: with --mode ingest nobody is asked; leave it out")
	case f.mode == "ingest":
		opts.Ingest = true
		return nil
	case f.mode == "mirror" && f.mirror <= 0:
		return fmt.Errorf("--mirror-concurrency %d: must be above 0", f.mirror)
	case f.mode == "mirror":
		opts.Mirror = f.mirror
	}
	var err error
	if opts.Upstream, err = url.Parse(f.upstream); err != nil || opts.Upstream.Host == "" {
		return fmt.Errorf("--upstream %q: must be http(s)://host[:port][/path] or h2c://host[:port][/path]", f.upstream)
	}
	if f.upstreamTLS != (replay.TLSFiles{}) && opts.Upstream.Scheme != "https" {
		return fmt.Errorf("--upstream-ca, --upstream-name, --upstream-cert and --upstream-key: %s is no https upstream", opts.Upstream.Redacted())
	}
	if opts.UpstreamTLS, err = f.upstreamTLS.Load("", time.Now()); err != nil {
		return fmt.Errorf("--upstream-ca, --upstream-cert: %w", err)
	}
	return nil
}

func parseRules(flags, file []string) ([]capture.Rule, error) {
	if len(flags) == 0 {
		flags = file
	}
	var rules []capture.Rule
	for _, text := range flags {
		r, err := capture.ParseRule(text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}
