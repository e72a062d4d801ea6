//go:build !linux

package store

import "errors"

func renameNoReplace(_, _ string) error { return errors.ErrUnsupported }
