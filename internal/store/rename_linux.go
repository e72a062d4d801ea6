package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace renames tmp, only if final does not exist.
func renameNoReplace(tmp, final string) error {
	err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, final, unix.RENAME_NOREPLACE)
	if err != nil {
		return &os.LinkError{Op: "renameat2", Old: tmp, New: final, Err: err}
	}
	return nil
}
