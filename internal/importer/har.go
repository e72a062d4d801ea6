package importer

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// readHAR reads the entries of a HAR, version 1.2, one at a time: a load test's is
// larger than memory. What follows damage is lost, and counted once.
func readHAR(ctx context.Context, f *file, s *sink) error {
	r, err := f.open(ctx)
	if err != nil {
		return err
	}
	skipped := int64(0)
	if bom, _ := r.Peek(3); string(bom) == "\xef\xbb\xbf" { // Fiddler writes one
		skipped, _ = io.CopyN(io.Discard, r, 3)
	}
	source := &bounded{r: r}
	// What is wrong within an entry is the entry's matter.
	d := jsontext.NewDecoder(source, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	n := int64(0)
	err = eachEntry(d, func(text jsontext.Value) error {
		n++
		source.read = 0
		e, reason, err := parseEntry(text)
		if err != nil {
			s.drop(place{f.name, "entry", n}, reason, err)
			return ctx.Err()
		}
		return s.add(place{f.name, "entry", n}, e)
	})
	var syntax *jsontext.SyntacticError
	if err == errNoHAR || errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.drop(place{f.name, "byte", skipped + d.InputOffset()}, Unreadable, err)
		return nil
	}
	return err
}

var errNoHAR = errors.New("there is no list of entries in a log: this is no HAR")

// eachEntry calls fn with each element of log.entries.
func eachEntry(d *jsontext.Decoder, fn func(jsontext.Value) error) error {
	if err := enter(d, "log", '{'); err != nil {
		return err
	}
	if err := enter(d, "entries", '['); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return wholly(err)
		}
		if err := fn(v); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return wholly(err)
}

// enter reads from the beginning of an object, of the file if need be, into its
// first member of that name.
func enter(d *jsontext.Decoder, name string, open jsontext.Kind) error {
	if d.StackDepth() == 0 {
		if start, err := d.ReadToken(); err != nil || start.Kind() != '{' {
			return cmp.Or(wholly(err), errNoHAR)
		}
	}
	for d.PeekKind() == '"' {
		key, err := d.ReadToken()
		if err != nil {
			return wholly(err)
		}
		if key.String() != name {
			if err := d.SkipValue(); err != nil {
				return wholly(err)
			}
			continue
		}
		if d.PeekKind() == open {
			_, err = d.ReadToken()
			return wholly(err)
		}
		return errNoHAR
	}
	_, err := d.ReadToken() // the object's end, or what is wrong with it
	return cmp.Or(wholly(err), errNoHAR)
}

// wholly says of the end of a file what it means within a value.
func wholly(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// bounded ends where a value is too long to hold.
type bounded struct {
	r    io.Reader
	read int // since the last value
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read > most {
		return 0, errTooLong
	}
	n, err := b.r.Read(p)
	b.read += n
	return n, err
}
