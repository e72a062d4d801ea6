package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// Lost: one of two workers' results, on a file system that lacks what the
// first way needs.
func TestLocalCreators(t *testing.T) {
	for _, way := range []string{"link", "rename", "lock"} {
		t.Run(way, func(t *testing.T) {
			if way == "rename" && runtime.GOOS != "linux" {
				t.Skip("renameat2 is Linux's")
			}
			t.Setenv(creatorEnv, way)
			b, err := store.OpenLocal(t.TempDir(), store.Creators[way])
			if err != nil {
				t.Fatal(err)
			}
			storetest.Race(t, b)
			wantTemp(t, b, 0)
		})
	}
}

// Lost: local datasets on file systems without links: vfat says EPERM, others
// ENOTSUP or ENOSYS, and EINVAL to the flag of renameat2.
func TestLocalFallsBack(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EINVAL} {
		refuse := func(tmp, final string) error {
			return &os.LinkError{Op: "link", Old: tmp, New: final, Err: errno}
		}
		b, err := store.OpenLocal(t.TempDir(), refuse, refuse, store.Creators["lock"])
		if err != nil {
			t.Fatal(err)
		}
		if err := store.PutBytes(t.Context(), b, "a/b", []byte("text")); err != nil {
			t.Errorf("%v: %v", errno, err)
		}
		b, err = store.OpenLocal(t.TempDir(), refuse, refuse)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.PutBytes(t.Context(), b, "a/b", nil); err == nil || !strings.Contains(err.Error(), "use another folder") {
			t.Errorf("%v from all: error %v, want advice", errno, err)
		}
	}
}

// Lost: a full disk's or a broken disk's report, to a fallback that must not be
// tried then.
func TestLocalDoesNotFallBackOnFailure(t *testing.T) {
	fail := func(string, string) error { return syscall.EIO }
	b, err := store.OpenLocal(t.TempDir(), fail, store.Creators["lock"])
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutBytes(t.Context(), b, "a", nil); err == nil || !strings.Contains(err.Error(), syscall.EIO.Error()) {
		t.Errorf("error %v, want %v", err, syscall.EIO)
	}
	wantTemp(t, b, 0)
}

// Lost: a commit on NFS, which repeats a link whose answer it lost and then
// says that the name exists.
func TestLocalOwnLinkReportedAsExisting(t *testing.T) {
	falsely := func(tmp, final string) error {
		if err := os.Link(tmp, final); err != nil {
			return err
		}
		return fs.ErrExist
	}
	b, err := store.OpenLocal(t.TempDir(), falsely)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutBytes(t.Context(), b, "a", []byte("text")); err != nil {
		t.Error(err)
	}
}

// Lost: the promise that a killed worker leaves nothing half-written; and, bit
// by bit, the disk, if what it leaves in .tmp stayed for ever.
func TestLocalKilled(t *testing.T) {
	b := open(t, t.TempDir())
	t.Setenv(creatorEnv, "die")
	r := storetest.StartRacer(t, b.String(), "victim")
	if said := r.Said(); said != "ready" {
		t.Fatal(said)
	}
	r.Put(t, "a/b")
	if said := r.Said(); said != "EOF" {
		t.Fatalf("the racer said %q, but should have been killed", said)
	}
	for o, err := range b.List(t.Context(), "") {
		t.Errorf("left visible: %+v, %v", o, err)
	}
	left := wantTemp(t, b, 1)
	if err := store.PutBytes(t.Context(), b, "a/b", []byte("text")); err != nil {
		t.Errorf("put after the crash: %v", err)
	}
	wantTemp(t, b, 1) // young files may be another worker's

	twoDaysAgo := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(left[0], twoDaysAgo, twoDaysAgo); err != nil {
		t.Fatal(err)
	}
	if err := store.PutBytes(t.Context(), open(t, b.String()), "c", nil); err != nil {
		t.Fatal(err)
	}
	wantTemp(t, b, 0)
}

// Lost: privacy of recorded bodies on a shared machine; and reading a mistyped
// path would leave a folder there.
func TestLocalFolders(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	b := open(t, root)
	for range b.List(t.Context(), "") {
		t.Error("a missing folder has objects")
	}
	_, _, _ = b.Get(t.Context(), "a", 0, -1)
	_ = b.Delete(t.Context(), "a")
	if _, err := os.Stat(root); err == nil {
		t.Error("reading made the folder")
	}
	if err := store.PutBytes(t.Context(), b, "a/b/c", nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, ".tmp": 0o700, "a": 0o700, "a/b": 0o700, "a/b/c": 0o600} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
}

// Lost: an object whose key is a folder of others would be taken for committed.
func TestLocalKeyIsFolder(t *testing.T) {
	for _, way := range []string{"link", "rename", "lock"} {
		b, err := store.OpenLocal(t.TempDir(), store.Creators[way])
		if err != nil {
			t.Fatal(err)
		}
		if err := store.PutBytes(t.Context(), b, "a/b", nil); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"a": "there is a folder of that name", "a/b/c": "not a directory"} {
			if err := store.PutBytes(t.Context(), b, key, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: put %s: error %v, want %q", way, key, err, want)
			}
		}
	}
}

// wantTemp asserts how many temporary files there are, and returns them.
func wantTemp(t *testing.T, b store.Bucket, want int) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(b.String(), ".tmp", "put-*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != want {
		t.Errorf("temporary files: %q, want %d", names, want)
	}
	return names
}
