package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// document is how JSON lies on the store: what it is, in which version, and a
// checksum over the compact form of its body.
type document struct {
	Format string          `json:"format"` // "parity.run/1"
	CRC    string          `json:"crc32c"` // 8 hexadecimal digits
	Body   json.RawMessage `json:"body"`
}

// putDocument creates a document. It returns exchange.ErrExists when there is
// one already.
func putDocument(ctx context.Context, b store.Bucket, key, format string, body any) error {
	compact, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	d := document{format, fmt.Sprintf("%08x", crc32.Checksum(compact, castagnoli)), compact}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	err = store.PutBytes(ctx, b, key, append(text, '\n'))
	if errors.Is(err, store.ErrExists) {
		return exchange.ErrExists
	}
	return err
}

// getDocument reads what putDocument wrote.
func getDocument(ctx context.Context, b store.Bucket, key, format string, body any) error {
	text, _, err := b.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	return inObject(b, key, parseDocument(text, format, body))
}

func parseDocument(text []byte, format string, body any) error {
	var d document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return fmt.Errorf("it is damaged, or no %s: %w", format, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("it is damaged, or no %s: text follows it", format)
	}
	if d.Format != format {
		return fmt.Errorf("it is %q, and this parity reads %q", d.Format, format)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, d.Body); err != nil {
		return err
	}
	if got := fmt.Sprintf("%08x", crc32.Checksum(compact.Bytes(), castagnoli)); got != d.CRC {
		return errors.New("it is damaged: the checksum does not fit")
	}
	return json.Unmarshal(compact.Bytes(), body)
}
