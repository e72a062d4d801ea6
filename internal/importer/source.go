package importer

import (
	"bufio"
	"compress/gzip"
	"context"
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
	location string        // where the bucket is, absolute
	bucket   store.Bucket  // the folder, or the one that the file is in
	only     *store.Object // the file
}

// Stream is a source that is read once, from its beginning to its end.
func Stream(name string, r io.Reader) *Source { return &Source{Name: name, stream: r} }

// Open finds out what is at a location: a file or a folder, here or on S3. What is
// neither, a pipe say, is a stream.
func Open(ctx context.Context, location string) (src *Source, err error) {
	if rest, ok := strings.CutPrefix(location, "s3://"); ok {
		src, err = openObjects(ctx, strings.TrimSuffix(rest, "/"))
	} else {
		src, err = openLocal(location)
	}
	if err != nil || src.stream != nil {
		return src, err
	}
	src.bucket, err = store.Open(ctx, src.location)
	return src, err
}

func openLocal(location string) (*Source, error) {
	info, err := os.Stat(location)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(location)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	switch {
	case info.IsDir():
		return &Source{Name: name, location: path}, nil
	case info.Mode().IsRegular():
		file := &store.Object{Key: name, Size: info.Size(), Modified: info.ModTime()}
		return &Source{Name: name, location: filepath.Dir(path), only: file}, nil
	}
	f, err := os.Open(location) // open until the process ends
	return Stream(name, f), err
}

// openObjects looks whether s3://rest is an object: then it is the first of those
// whose keys begin so.
func openObjects(ctx context.Context, rest string) (*Source, error) {
	src := &Source{Name: path.Base(rest), location: "s3://" + rest}
	if !strings.Contains(rest, "/") {
		return src, nil
	}
	parent := "s3://" + path.Dir(rest)
	b, err := store.Open(ctx, parent)
	if err != nil {
		return nil, err
	}
	for o, err := range b.List(ctx, src.Name) {
		if err != nil {
			return nil, err
		}
		if o.Key == src.Name {
			src.location, src.only = parent, &o
		}
		break
	}
	return src, nil
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
		switch {
		case src.stream != nil:
			yield(&file{name: src.Name, source: src}, nil)
			return
		case src.only != nil:
			yield(src.file(*src.only), nil)
			return
		}
		found := false
		for o, err := range src.bucket.List(ctx, "") {
			if err != nil {
				yield(nil, err)
				return
			}
			name := strings.TrimSuffix(o.Key, ".gz")
			if !slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(name, end) }) {
				continue
			}
			found = true
			if !yield(src.file(o), nil) {
				return
			}
		}
		if !found && ctx.Err() == nil {
			yield(nil, fmt.Errorf("no file in %s has a name that ends in %s", src.location, strings.Join(ends, " or ")))
		}
	}
}

func (src *Source) file(o store.Object) *file {
	return &file{name: o.Key, path: filepath.ToSlash(src.location) + "/" + o.Key, modified: o.Modified, size: o.Size, source: src}
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
