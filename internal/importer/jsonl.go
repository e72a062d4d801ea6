package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// readJSONL reads lines as `parity cat` writes them (exchange.ParseLine).
func readJSONL(ctx context.Context, f *file, s *sink) error {
	return eachLine(ctx, f, s, func(line []byte, p place, offset int64) error {
		e, err := exchange.ParseLine(line)
		if err != nil {
			s.drop(p, Unreadable, err)
			return nil
		}
		e.ID = exchange.DeriveID(e.Time.Time(), []byte(f.name), fmt.Append(nil, offset), line)
		return s.add(p, e)
	})
}

// eachLine calls fn with every line that is not empty, and where it begins in bytes.
func eachLine(ctx context.Context, f *file, s *sink, fn func(line []byte, p place, offset int64) error) error {
	r, err := f.open(ctx)
	if err != nil {
		return err
	}
	p := place{f.name, "line", 0}
	for offset := int64(0); ; {
		p.at++
		text, readErr := readLine(r)
		switch {
		case errors.Is(readErr, io.ErrUnexpectedEOF): // a .gz that was cut off
			s.drop(p, Unreadable, readErr)
			return nil
		case readErr != nil && readErr != io.EOF:
			return fmt.Errorf("line at byte %d: %w", offset, readErr)
		}
		if line := bytes.TrimSpace(text); len(line) > 0 {
			if err := fn(line, p, offset); err != nil {
				return err
			}
		}
		if readErr == io.EOF || ctx.Err() != nil {
			return ctx.Err()
		}
		offset += int64(len(text))
	}
}

// most is how long a line, an entry or a message may be: far over what two bodies
// at capture's limit take as base64.
const most = 256 << 20

var errTooLong = fmt.Errorf("it is longer than %d MiB: is this a file of that format?", most>>20)

func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > most:
			return nil, errTooLong
		case err != bufio.ErrBufferFull:
			return line, err
		}
	}
}
