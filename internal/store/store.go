// Package store is a bucket of objects that are written once, in a local
// directory or in S3. It is the only state that Parity's workers share, so
// creating an object is atomic across processes and machines: of all who put
// one key exactly one succeeds, and nobody ever sees half an object.
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// Bucket is a flat set of objects that are written once. All its methods are
// safe for concurrent use, and its String is the location it was opened at.
//
// A key is a slash-separated path of UTF-8 without empty, "." and ".."
// elements, backslashes and control characters; .tmp and .parity, at any depth,
// are the backends' own. No key may be a folder of another
// ("a" and "a/b"): a file system can't hold both.
type Bucket interface {
	// Put creates key from body's whole content, from its start, wherever it stands.
	// It returns ErrExists when the key is there already, even if it was this
	// very call that created it and the answer got lost: callers take
	// ErrExists for success. After any other error nothing is visible, except
	// that an S3 server may still complete a request whose answer was lost.
	Put(ctx context.Context, key string, body io.ReadSeeker) error
	// Get reads n bytes from off, fewer at the end of the object, none past it.
	// A negative off counts from the end: the last -off bytes, n ignored. A
	// negative n reads to the end. size is the whole object's. It returns
	// ErrNotFound where there is no such key.
	Get(ctx context.Context, key string, off, n int64) (data []byte, size int64, err error)
	// GetInto is Get into buf, if that has room for it: data may be part of buf.
	GetInto(ctx context.Context, key string, off, n int64, buf []byte) (data []byte, size int64, err error)
	// List yields the objects whose keys begin with prefix, in byte order of
	// their keys, page by page. An error ends it. Where there is no folder at
	// all it yields nothing; a missing S3 bucket is an error.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// Delete removes key. Deleting what isn't there is no error.
	Delete(ctx context.Context, key string) error
	fmt.Stringer
}

// Object is what List says about an object.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// ErrExists says that an object is already there: whoever put it, it is whole.
var ErrExists = errors.New("the object exists already")

// ErrNotFound says that there is no such object.
var ErrNotFound = errors.New("no such object")

const (
	s3Scheme  = "s3://"
	tmpDir    = ".tmp"    // of the local backend
	parityDir = ".parity" // the S3 backend's probe
)

// Open opens a location, a local path or s3://bucket/prefix. It creates
// nothing, and a local folder need not exist. S3 is configured as the AWS tools
// are, by AWS_* variables and ~/.aws; it uses path-style addresses where an
// endpoint is configured, and the region us-east-1 where none is.
func Open(ctx context.Context, location string) (Bucket, error) {
	if rest, ok := strings.CutPrefix(location, s3Scheme); ok {
		return openS3(ctx, rest)
	}
	if scheme, _, ok := strings.Cut(location, "://"); ok {
		return nil, fmt.Errorf("open %s: scheme %q is not supported: give a local path or s3://bucket/prefix", location, scheme)
	}
	if location == "" {
		return nil, errors.New("open store: the location is empty: give a local path or s3://bucket/prefix")
	}
	return openLocal(location)
}

// Join appends path elements to a location of either kind and cleans it.
func Join(location string, elem ...string) string {
	if rest, ok := strings.CutPrefix(location, s3Scheme); ok {
		return s3Scheme + path.Join(append([]string{rest}, elem...)...)
	}
	return filepath.Join(append([]string{location}, elem...)...)
}

// Absolute is a location as it is named from any working directory.
func Absolute(location string) (string, error) {
	if strings.Contains(location, "://") {
		return strings.TrimRight(location, "/"), nil
	}
	return filepath.Abs(location)
}

// Temp makes a temporary file, as os.CreateTemp does, in TMPDIR. An error says what
// to do, as nobody asked for such a file.
func Temp(pattern string) (*os.File, error) {
	f, err := os.CreateTemp("", pattern)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return nil, fmt.Errorf("make a temporary file: %w", err) // another folder would not help
	}
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w: set TMPDIR to a folder that exists, can be written and has room", err)
	}
	return f, nil
}

// PutBytes is Put of data.
func PutBytes(ctx context.Context, b Bucket, key string, data []byte) error {
	return b.Put(ctx, key, bytes.NewReader(data))
}

// checkKey refuses keys that could leave the root, that S3 and file systems
// would not hold alike, or that are reserved.
func checkKey(key string) error {
	switch {
	case !fs.ValidPath(key) || key == ".":
		return fmt.Errorf("key %q is not a relative path without empty, \".\" and \"..\" elements", key)
	case strings.ContainsFunc(key, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
		return fmt.Errorf("key %q has a backslash or a control character", key)
	case reserved(key):
		return fmt.Errorf("key %q is in a folder that the store keeps for itself", key)
	}
	return nil
}

// reserved says whether a key belongs to a backend; List leaves it out. At any
// depth: a location below another is a bucket of its own.
func reserved(key string) bool {
	for elem := range strings.SplitSeq(key, "/") {
		if elem == tmpDir || elem == parityDir {
			return true
		}
	}
	return false
}

// room is n bytes, of buf if it has so many.
func room(buf []byte, n int64) []byte {
	if int64(cap(buf)) >= n {
		return buf[:n]
	}
	return make([]byte, n)
}

// span is the part of an object of the given size that Get's off and n mean.
func span(off, n, size int64) (from, length int64) {
	if off < 0 {
		off, n = max(size+off, 0), -1
	}
	off = min(off, size)
	if n < 0 || n > size-off {
		n = size - off
	}
	return off, n
}
