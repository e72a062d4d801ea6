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

// document is how JSON lies on the store: what it is, in which version, what
// it belongs to, and a checksum.
type document struct {
	Format string          `json:"format"`       // "parity.tally/1"
	Of     string          `json:"of,omitempty"` // run/judgement/split: it says nothing of any other
	CRC    string          `json:"crc32c"`       // 8 hexadecimal digits
	Body   json.RawMessage `json:"body"`
}

// checksum is the CRC-32C over format, of and the compact body, a line feed
// after each of the first two.
func (d document) checksum(compact []byte) string {
	crc := crc32.Checksum([]byte(d.Format+"\n"+d.Of+"\n"), castagnoli)
	return fmt.Sprintf("%08x", crc32.Update(crc, castagnoli, compact))
}

// putDocument creates a document. It returns exchange.ErrExists when there is
// one already.
func putDocument(ctx context.Context, b store.Bucket, key, format, of string, body any) error {
	compact, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	text, err := document{Format: format, Of: of, Body: compact}.text()
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	err = store.PutBytes(ctx, b, key, text)
	if errors.Is(err, store.ErrExists) {
		return exchange.ErrExists
	}
	return err
}

// text writes a document whose body is compact. Large bodies are tallies,
// which nobody reads as they lie: indenting them would cost as much as making
// them.
func (d document) text() ([]byte, error) {
	const readable = 8 << 10
	d.CRC = d.checksum(d.Body)
	body := d.Body
	d.Body = json.RawMessage("0")
	if len(body) <= readable {
		d.Body = body
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err == nil && len(body) > readable {
		text = append(append(bytes.TrimSuffix(text, []byte("0\n}")), body...), "\n}"...)
	}
	return append(text, '\n'), err
}

// getDocument reads what putDocument wrote. One that belongs elsewhere is an
// error.
func getDocument(ctx context.Context, b store.Bucket, key, format, of string, body any) error {
	text, _, err := b.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	has, err := parseDocument(text, format, body)
	if err == nil && has != of {
		err = fmt.Errorf("it belongs to %q, not to %q: somebody moved it here", has, of)
	}
	return inObject(b, key, err)
}

func parseDocument(text []byte, format string, body any) (of string, err error) {
	var d document
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return "", fmt.Errorf("it is damaged, or no %s: %w", format, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return "", fmt.Errorf("it is damaged, or no %s: text follows it", format)
	}
	if d.Format != format {
		return "", fmt.Errorf("it is %q, and this parity reads %q", d.Format, format)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, d.Body); err != nil {
		return "", err
	}
	if d.checksum(compact.Bytes()) != d.CRC {
		return "", errors.New("it is damaged: the checksum does not fit")
	}
	return d.Of, json.Unmarshal(compact.Bytes(), body)
}
