package dataset

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Parquet leaves its footer, page headers and page index without a checksum,
// and a damaged one can take a reader's process down. So a file is sealed:
//
//	magic │ chunk … chunk │ page index │ footer │ length │ magic
//	      └ CRC-32C each ┴ CRC-32C ┘       └ CRC-32C, with its own place as zeros
//
// The first two kinds stand in the footer's key-value parity.chunks_crc32c, 8
// hexadecimal digits each, in the order of the file; the footer's own in
// parity.footer_crc32c. Readers verify the footer before they parse it, and a
// chunk before they decode it.
const (
	FormatVersion = "5"

	keyFormat    = "parity.format"
	keyKind      = "parity.kind"
	keyInstance  = "parity.instance"
	keyLedger    = "parity.ledger"
	keyOf        = "parity.of"
	keyChunksCRC = "parity.chunks_crc32c"
	keyFooterCRC = "parity.footer_crc32c"

	magic   = "PAR1"
	crcSize = 8 // hexadecimal digits
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unsealed is a parquet.GenericWriter of any row type.
type unsealed interface {
	SetKeyValueMetadata(key, value string)
	Close() error
}

// closeSealed closes the writer and fills in the checksums. groups is how many
// row groups were flushed: the room for their checksums must be there before
// the footer is written.
func closeSealed(w unsealed, f *os.File, groups, columns int) error {
	w.SetKeyValueMetadata(keyChunksCRC, strings.Repeat("0", crcSize*(groups*columns+1)))
	w.SetKeyValueMetadata(keyFooterCRC, strings.Repeat("0", crcSize))
	if err := w.Close(); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	footer, err := readFooter(f, size)
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, size, openOptions...)
	if err != nil {
		return err
	}
	chunks, err := layout(file, size, int64(len(footer)))
	if err != nil {
		return err
	}
	sums, err := sumChunks(f, chunks)
	if err != nil {
		return err
	}
	if err := patch(footer, keyChunksCRC, sums); err != nil {
		return err
	}
	if err := patch(footer, keyFooterCRC, fmt.Appendf(nil, "%08x", crc32.Checksum(footer, castagnoli))); err != nil {
		return err
	}
	_, err = f.WriteAt(footer, size-8-int64(len(footer)))
	return err
}

// sumChunks reads the chunks, which tile the file, from the first to the last.
func sumChunks(f io.ReaderAt, chunks []extent) ([]byte, error) {
	first, last := chunks[0], chunks[len(chunks)-1]
	r := bufio.NewReaderSize(io.NewSectionReader(f, first.offset, last.end()-first.offset), 64<<10)
	sums, buf := make([]byte, 0, crcSize*len(chunks)), make([]byte, 16<<10)
	for _, c := range chunks {
		crc := crc32.New(castagnoli)
		n, err := io.CopyBuffer(crc, io.LimitReader(r, c.size), buf)
		if err == nil && n < c.size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		sums = fmt.Appendf(sums, "%08x", crc.Sum32())
	}
	return sums, nil
}

// openOptions open a file without reading more than its footer. ReadModeAsync
// must never be used: its goroutine lets a damaged page end the process.
var openOptions = []parquet.FileOption{
	parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
	parquet.FileReadMode(parquet.ReadModeSync),
}

var errNoParquet = errors.New("not a Parquet file, or cut short")

// readFooter returns the footer's bytes.
func readFooter(r io.ReaderAt, size int64) ([]byte, error) {
	var tail [8]byte
	if size < 12 {
		return nil, errNoParquet
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magic || n > size-12 {
		return nil, errNoParquet
	}
	footer := make([]byte, n)
	_, err := r.ReadAt(footer, size-8-n)
	return footer, err
}

// patch overwrites the value of a key in a footer with one of the same length.
func patch(footer []byte, key string, value []byte) error {
	at := valueOffset(footer, key, len(value))
	if at < 0 {
		return fmt.Errorf("no room for %s in the footer", key)
	}
	copy(footer[at:], value)
	return nil
}

// valueOffset finds where the value of n bytes of a key-value starts. In
// Thrift's compact protocol it follows the key: a byte for the field (0x18,
// the next field, a binary) and its length as a varint. The last place counts,
// since key-values come after the statistics, which hold names from outside.
func valueOffset(footer []byte, key string, n int) int {
	marker := binary.AppendUvarint(append([]byte(key), 0x18), uint64(n))
	at := bytes.LastIndex(footer, marker)
	if at < 0 || at+len(marker)+n > len(footer) {
		return -1
	}
	return at + len(marker)
}

// verifyFooter checks a footer against its own checksum.
func verifyFooter(footer []byte) error {
	at := valueOffset(footer, keyFooterCRC, crcSize)
	if at < 0 {
		return fmt.Errorf("it has no %s: it was not written by Parity, or its footer is damaged", keyFooterCRC)
	}
	zeroed := bytes.Clone(footer)
	copy(zeroed[at:], strings.Repeat("0", crcSize))
	if fmt.Sprintf("%08x", crc32.Checksum(zeroed, castagnoli)) != string(footer[at:at+crcSize]) {
		return errors.New("its footer is damaged: the checksum does not fit")
	}
	return nil
}

// extent is a range of a file's bytes.
type extent struct{ offset, size int64 }

func (e extent) end() int64 { return e.offset + e.size }

// layout lists the chunks in the order of the file, and the page index as one
// more, and checks that they tile it.
func layout(f *parquet.File, size, footer int64) ([]extent, error) {
	at := int64(len(magic))
	var chunks []extent
	for g, group := range f.Metadata().RowGroups {
		for c := range group.Columns {
			m := &group.Columns[c].MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < start {
				start = m.DictionaryPageOffset
			}
			if start != at || m.TotalCompressedSize <= 0 {
				return nil, fmt.Errorf("row group %d column %d is at byte %d, not at %d", g, c, start, at)
			}
			if m.Codec != format.Zstd && m.Codec != format.Uncompressed {
				return nil, fmt.Errorf("row group %d column %d is compressed with %s, not with zstd or not at all", g, c, m.Codec)
			}
			if m.NumValues != group.NumRows {
				return nil, fmt.Errorf("row group %d has %d rows, and its column %d has %d", g, group.NumRows, c, m.NumValues)
			}
			chunks = append(chunks, extent{start, m.TotalCompressedSize})
			at += m.TotalCompressedSize
		}
	}
	index := extent{at, size - 8 - footer - at}
	if index.size < 0 {
		return nil, errors.New("the row groups reach into the footer")
	}
	return append(chunks, index), nil
}
