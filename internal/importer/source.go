package importer

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/store"
)

// Source is a file, a folder or s3://bucket/prefix, or a stream.
type Source struct {
	Name string // its last element, or what the stream is called

	stream   io.Reader
	location string       // where the bucket is, absolute
	bucket   store.Bucket // the folder, or the one that the file is in
	only     string       // the file's key; "" for all
}

// Stream is a source that is read once, from its beginning to its end.
func Stream(name string, r io.Reader) *Source { return &Source{Name: name, stream: r} }

// Open finds out what is at a location: a file or a folder, here or on S3.
func Open(ctx context.Context, location string) (src *Source, err error) {
	parent, name := filepath.Split(filepath.Clean(location))
	isFile := false
	if rest, ok := strings.CutPrefix(location, "s3://"); ok {
		rest = strings.TrimSuffix(rest, "/")
		parent, name = "s3://"+path.Dir(rest), path.Base(rest)
		isFile, err = isObject(ctx, parent, name, rest)
	} else {
		var info os.FileInfo
		if info, err = os.Stat(location); err == nil {
			isFile = !info.IsDir()
		}
	}
	if err != nil {
		return nil, err
	}
	src = &Source{Name: name, location: location}
	if isFile {
		src.location, src.only = parent, name
	}
	if !strings.HasPrefix(src.location, "s3://") {
		if src.location, err = filepath.Abs(src.location); err != nil {
			return nil, err
		}
	}
	src.bucket, err = store.Open(ctx, src.location)
	return src, err
}

// isObject says whether s3://rest is an object; a bucket is none.
func isObject(ctx context.Context, parent, name, rest string) (bool, error) {
	if !strings.Contains(rest, "/") {
		return false, nil
	}
	b, err := store.Open(ctx, parent)
	if err != nil {
		return false, err
	}
	_, _, err = b.Get(ctx, name, 0, 1)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// file is one of a source.
type file struct {
	name     string // in the source: an ID may depend on it
	path     string // with the source's location, slashes between
	modified time.Time
	size     int64

	source *Source
}

// files yields a source's files, in the order of their names; of a folder those
// whose names end so, or so and in .gz.
func (src *Source) files(ctx context.Context, ends []string) iter.Seq2[*file, error] {
	return func(yield func(*file, error) bool) {
		if src.stream != nil {
			yield(&file{name: src.Name, source: src}, nil)
			return
		}
		found := false
		for o, err := range src.bucket.List(ctx, src.only) {
			if err != nil {
				yield(nil, err)
				return
			}
			base := strings.TrimSuffix(o.Key, ".gz")
			wanted := slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(base, end) })
			if src.only != "" {
				wanted = o.Key == src.only
			}
			if !wanted {
				continue
			}
			found = true
			f := &file{name: o.Key, path: filepath.ToSlash(src.location) + "/" + o.Key, modified: o.Modified, size: o.Size, source: src}
			if !yield(f, nil) {
				return
			}
		}
		if !found && ctx.Err() == nil {
			yield(nil, fmt.Errorf("no file in %s has a name that ends in %s", src.location, strings.Join(ends, " or ")))
		}
	}
}

// open reads the file from its beginning, unpacked where its name ends in .gz.
func (f *file) open(ctx context.Context) (*bufio.Reader, error) {
	r := f.source.stream
	if r == nil {
		r = io.NewSectionReader(f.at(ctx), 0, f.size)
	}
	const piece = 4 << 20 // a request to S3 each
	b := bufio.NewReaderSize(r, piece)
	if !strings.HasSuffix(f.name, ".gz") {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return bufio.NewReaderSize(z, 64<<10), nil
}

// at reads anywhere in the file; not of a stream.
func (f *file) at(ctx context.Context) io.ReaderAt { return bucketFile{ctx, f.source.bucket, f.name} }

type bucketFile struct {
	ctx    context.Context
	bucket store.Bucket
	key    string
}

func (b bucketFile) ReadAt(p []byte, off int64) (int, error) {
	data, _, err := b.bucket.GetInto(b.ctx, b.key, off, int64(len(p)), p)
	if err == nil && len(data) < len(p) {
		err = io.EOF
	}
	return copy(p, data), err // onto itself, where the data is in p
}
