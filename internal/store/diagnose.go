package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Diagnosis is what Diagnose found out about a location.
type Diagnosis struct {
	// Place is what was looked at: of a local folder that is not there yet, the
	// nearest one above it.
	Place string
	// Read and Write are what is wrong with listing objects, and with creating one
	// only if it is absent. nil: nothing.
	Read, Write error

	// Of S3, where the credentials come from, when they end (zero: they don't), and
	// by how much the server's clock is ahead, if it said.
	Credentials string
	Expires     time.Time
	Skew        time.Duration
	HasSkew     bool
}

// Diagnose tries whether a location can be used. It leaves nothing behind but, on
// S3, the probe that the first Put leaves too. An error means that the location
// can't be opened.
func Diagnose(ctx context.Context, location string) (Diagnosis, error) {
	b, err := Open(ctx, location)
	if err != nil {
		return Diagnosis{}, err
	}
	switch b := b.(type) {
	case *s3Bucket:
		return b.diagnose(ctx), nil
	case *local:
		return b.diagnose(ctx), nil
	}
	return Diagnosis{}, fmt.Errorf("diagnose %s: a store of a kind that is not known", location)
}

func (b *s3Bucket) diagnose(ctx context.Context) Diagnosis {
	d := Diagnosis{Place: b.String()}
	if c, err := b.client.Options().Credentials.Retrieve(ctx); err == nil { // openS3 has retrieved them
		d.Credentials = c.Source
		if c.CanExpire {
			d.Expires = c.Expires
		}
	}
	out, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &b.prefix, MaxKeys: aws.Int32(1)})
	if d.Read = b.explain(ctx, "list", "", err); d.Read != nil {
		d.Write = d.Read
		return d
	}
	d.Skew, d.HasSkew = awsmiddleware.GetAttemptSkew(out.ResultMetadata)
	d.Write = conditional(ctx, b)
	return d
}

func (l *local) diagnose(ctx context.Context) Diagnosis {
	here := &local{root: existingAbove(l.root), creators: l.creators}
	d := Diagnosis{Place: here.root}
	if _, err := os.ReadDir(here.root); err != nil {
		d.Read = fmt.Errorf("list: %w", err)
	}
	d.Write = here.tryCreate(ctx)
	return d
}

// existingAbove is the folder, or the nearest one above it that is there.
func existingAbove(dir string) string {
	for {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// tryCreate creates an object twice, where List does not look, and removes it.
func (l *local) tryCreate(ctx context.Context) error {
	f, err := Temp("parity-probe-*")
	if err != nil {
		return fmt.Errorf("probe %s: %w", l, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	name, spool := filepath.Join(l.root, parityDir, rand.Text()), filepath.Join(l.root, tmpDir)
	_, used := os.Lstat(spool) // then others may be at work in it
	defer func() {
		_ = os.Remove(name)
		_ = os.Remove(filepath.Dir(name))
		if used != nil {
			_ = os.Remove(spool)
		}
	}()
	if err := l.put(ctx, name, f); err != nil {
		return fmt.Errorf("create an object: %w", err)
	}
	if err := l.put(ctx, name, f); !errors.Is(err, ErrExists) {
		return fmt.Errorf("create an object that is there: %w", errors.Join(err, errors.New("the file system replaced it: use another folder, or S3")))
	}
	return nil
}
