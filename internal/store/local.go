package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// local keeps each object as the file of its key's path under root. List takes
// regular files only: it follows no symbolic link below root.
type local struct {
	root     string
	creators []creator // tried in this order
	sweep    sync.Once // of old temporary files, on the first Put
}

func openLocal(root string) (*local, error) {
	root = filepath.Clean(root)
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open %s: it is a file: give a folder", root)
	}
	return &local{root: root, creators: creators}, nil
}

func (l *local) String() string { return l.root }

func (l *local) path(key string) string { return filepath.Join(l.root, filepath.FromSlash(key)) }

func (l *local) Put(ctx context.Context, key string, body io.ReadSeeker) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	if err := l.put(ctx, l.path(key), body); err != nil {
		return fmt.Errorf("put %s: %w", l.path(key), err)
	}
	return nil
}

func (l *local) put(ctx context.Context, final string, body io.ReadSeeker) error {
	tmp, err := l.spool(ctx, body)
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if err := makeDir(filepath.Dir(final)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err = create(l.creators, tmp, final)
	if err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	// Of another's object too: its creator may not have come this far yet.
	return errors.Join(err, syncDir(filepath.Dir(final)))
}

// spool copies body to a temporary file on root's file system, and to its disk.
func (l *local) spool(ctx context.Context, body io.ReadSeeker) (*os.File, error) {
	dir := filepath.Join(l.root, tmpDir)
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	l.sweep.Do(func() { sweepTemp(dir) })
	tmp, err := os.CreateTemp(dir, "put-*")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(copyAll(ctx, tmp, body), tmp.Sync()); err != nil {
		tmp.Close()
		os.Remove(tmp.Name())
		return nil, err
	}
	return tmp, nil
}

// copyAll copies src from its start, in pieces so that ctx can stop it.
// Between files io.CopyN uses copy_file_range where the system has it.
func copyAll(ctx context.Context, dst *os.File, src io.ReadSeeker) error {
	const piece = 32 << 20
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch _, err := io.CopyN(dst, src, piece); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

func (l *local) Get(ctx context.Context, key string, off, n int64) (data []byte, size int64, err error) {
	return l.GetInto(ctx, key, off, n, nil)
}

func (l *local) GetInto(_ context.Context, key string, off, n int64, buf []byte) (data []byte, size int64, err error) {
	if err := checkKey(key); err != nil {
		return nil, 0, fmt.Errorf("get: %w", err)
	}
	data, size, err = read(l.path(key), off, n, buf)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("get %s: %w", l.path(key), err)
	}
	return data, size, nil
}

func read(name string, off, n int64, buf []byte) (data []byte, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, fs.ErrNotExist
	}
	off, n = span(off, n, info.Size())
	data = room(buf, n)
	if _, err := io.ReadFull(io.NewSectionReader(f, off, n), data); err != nil {
		return nil, 0, err
	}
	return data, info.Size(), nil
}

func (l *local) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := l.walk(ctx, "", prefix, yield); err != nil && err != errStop {
			yield(Object{}, fmt.Errorf("list %s: %w", l.root, err))
		}
	}
}

var errStop = errors.New("the caller of List has seen enough")

// walk yields the files under dir, which is empty or ends in a slash.
func (l *local) walk(ctx context.Context, dir, prefix string, yield func(Object, error) bool) error {
	keys, err := l.readDir(ctx, dir)
	if err != nil {
		return err
	}
	for _, key := range keys {
		isDir := strings.HasSuffix(key, "/")
		switch {
		case reserved(key):
		case isDir && (strings.HasPrefix(key, prefix) || strings.HasPrefix(prefix, key)):
			err = l.walk(ctx, key, prefix, yield)
		case !isDir && strings.HasPrefix(key, prefix):
			err = l.yield(key, yield)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readDir lists the files of a folder and its folders, these with a slash at
// the end: sorted so, the keys of a whole walk are in byte order.
func (l *local) readDir(ctx context.Context, dir string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(l.path(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var keys []string
	for _, e := range entries {
		switch {
		case e.IsDir():
			keys = append(keys, dir+e.Name()+"/")
		case e.Type().IsRegular():
			keys = append(keys, dir+e.Name())
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (l *local) yield(key string, yield func(Object, error) bool) error {
	info, err := os.Lstat(l.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted since
	}
	if err != nil {
		return err
	}
	if !yield(Object{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil) {
		return errStop
	}
	return nil
}

func (l *local) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	// Not os.Remove, which takes empty folders too.
	switch err := unix.Unlink(l.path(key)); err {
	case nil, unix.ENOENT, unix.ENOTDIR, unix.EISDIR:
		return nil
	default:
		return fmt.Errorf("delete %s: %w", l.path(key), err)
	}
}
