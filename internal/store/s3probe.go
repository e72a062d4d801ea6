package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

const probeKey = parityDir + "/probe"

// probe finds out, once a bucket value, whether the server enforces
// If-None-Match. Some S3-compatible servers take the header and overwrite.
type probe struct {
	mu     sync.Mutex
	passed bool
}

// once lets the first Put find out while the others wait. Only a pass is
// remembered: a server that could not be reached may be asked again.
func (p *probe) once(ctx context.Context, b *s3Bucket) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passed {
		return nil
	}
	if err := conditional(ctx, b); err != nil {
		return err
	}
	p.passed = true
	return nil
}

// conditional puts the probe, and again if that worked: whichever put came
// second must be refused.
func conditional(ctx context.Context, b *s3Bucket) error {
	f, err := Temp("parity-probe-*")
	if err != nil {
		return fmt.Errorf("probe %s: %w", b, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString("Parity keeps this object to see that the store enforces If-None-Match.\n"); err != nil {
		return fmt.Errorf("probe %s: %w", b, err)
	}
	for range 2 {
		switch err := b.put(ctx, probeKey, f); {
		case errors.Is(err, ErrExists):
			return nil
		case err != nil:
			return err
		}
	}
	return unconditional(b)
}

// unconditional is the error for a server without conditional creation.
func unconditional(b *s3Bucket) error {
	return fmt.Errorf("store %s can't be used: its server does not enforce If-None-Match (it replaced an object that was to be created only if absent), "+
		"so two workers could overwrite each other's results: use AWS S3, another server that enforces it, or a local folder", b)
}
