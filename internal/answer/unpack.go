package answer

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"slices"
)

// unpacker undoes content encodings. It keeps its decompressors and buffers.
type unpacker struct {
	gzip    gzip.Reader
	zlib    io.ReadCloser
	flate   io.ReadCloser
	packed  bytes.Reader
	buffers [2][]byte // an encoding is undone from one to the other
}

// unpack undoes the encodings of a Content-Encoding, the last one first. At most
// limit bytes are unpacked, over all encodings.
func (u *unpacker) unpack(body []byte, encodings []byte, limit int) ([]byte, error) {
	for layer := 0; len(body) > 0; layer++ { // servers declare empty bodies as packed
		rest, name := lastEncoding(encodings)
		if encodings = rest; name == "" {
			break
		}
		r, err := u.open(body, name)
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		buf := &u.buffers[layer%2]
		if *buf, err = readAll(r, (*buf)[:0], limit); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		if n := u.packed.Len(); n > 0 {
			return nil, fmt.Errorf("unpack %s: %d bytes follow the packed data", name, n)
		}
		body = *buf
		limit -= len(body)
	}
	return body, nil
}

// open is a reader of what was packed.
func (u *unpacker) open(packed []byte, encoding string) (r io.Reader, err error) {
	u.packed.Reset(packed)
	switch {
	case encoding == "gzip":
		return &u.gzip, u.gzip.Reset(&u.packed)
	case encoding != "deflate":
		return nil, fmt.Errorf("content encoding %q is not supported", encoding)
	case isZlib(packed):
		if u.zlib == nil {
			u.zlib, err = zlib.NewReader(&u.packed)
			return u.zlib, err
		}
		return u.zlib, u.zlib.(zlib.Resetter).Reset(&u.packed, nil)
	}
	if u.flate == nil {
		u.flate = flate.NewReader(&u.packed)
		return u.flate, nil
	}
	return u.flate, u.flate.(flate.Resetter).Reset(&u.packed, nil)
}

// isZlib says whether data begins with a zlib header (RFC 1950), as that of
// "deflate" should. Bare deflate data, which some servers send, can't: it would
// be a stored block with bits set that every packer leaves 0.
func isZlib(data []byte) bool {
	return len(data) >= 2 && data[0]&0x0f == 8 && (int(data[0])<<8|int(data[1]))%31 == 0
}

// readAll appends what r yields to buf, or gives up past limit.
func readAll(r io.Reader, buf []byte, limit int) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(4096, len(buf)))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf, ErrTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}
