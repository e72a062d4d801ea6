package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// creator gives a complete temporary file its final name, atomically and only
// if that name is free; fs.ErrExist otherwise. tmp may stay.
type creator func(tmp, final string) error

// creators are the ways in their order; each later one is for file systems that
// can't do those before it. O_EXCL on the final name is none of them: a process
// that died after it would block the name for ever.
var creators = []creator{os.Link, renameNoReplace, renameLocked}

// create makes final from tmp by the first creator that the file system has.
func create(creators []creator, tmp *os.File, final string) error {
	var err error
	for _, c := range creators {
		err = c(tmp.Name(), final)
		if err == nil || sameFile(tmp, final) {
			return nil
		}
		if errors.Is(err, fs.ErrExist) {
			return existing(final)
		}
		if !unsupported(err) {
			return err
		}
	}
	return fmt.Errorf("the file system has no way to create a file only if it does not exist: use another folder, or S3: %w", err)
}

// sameFile says whether final is tmp after all. NFS repeats a request whose
// answer it lost, and then reports that its own link exists.
func sameFile(tmp *os.File, final string) bool {
	a, err := tmp.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(final)
	return err == nil && os.SameFile(a, b)
}

// existing is the error for a name that is taken: by an object or by a folder.
func existing(final string) error {
	if info, err := os.Lstat(final); err == nil && info.IsDir() {
		return errors.New("there is a folder of that name, of other keys")
	}
	return ErrExists
}

// unsupported says whether err is how a file system says that it lacks an
// operation: vfat and some FUSE file systems refuse links with EPERM, and those
// without RENAME_NOREPLACE answer EINVAL.
func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)
}

// lockName is the lock file beside the temporary files. It is never removed:
// two processes would lock two files of that name.
const lockName = "lock"

// renameLocked looks and renames under a lock, which ends with its holder.
func renameLocked(tmp, final string) error {
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(tmp), lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := flock(lock); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	switch _, err := os.Lstat(final); {
	case err == nil:
		return fs.ErrExist
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return os.Rename(tmp, final)
}

func flock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != unix.EINTR {
			return err
		}
	}
}

// makeDir is os.MkdirAll that has each new folder's name on disk.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDir(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		if info, err := os.Stat(dir); err != nil || info.IsDir() {
			return err
		}
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir has the names in dir on disk, where the file system can say so.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !unsupported(err) {
		return err
	}
	return nil
}

// sweepTemp removes what killed processes left behind. Whatever it can't remove
// does no harm, and the next process tries again.
func sweepTemp(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.Name() != lockName && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
