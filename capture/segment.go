package capture

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// A segment is a file of frames; what is known when it is opened stands in its
// name, INSTANCE-ID-BASE.open: the sidecar's, the segment's (a UUIDv7, which holds
// the time of opening) and how many rows the instance had written before.
//
//	frame:  length u32 · CRC-32C of the payload u32 · CRC-32C of these 8 bytes u32 · payload
//	footer: JSON · its length u32 · its CRC-32C u32 · "PARSEAL1"
//
// Numbers are little-endian. The checksums begin with that of the segment's id,
// so that a frame counts in its own file only, and nothing that a client sends
// passes for one. A payload is exchange.Append of the RecordingSides. When the
// footer is written the file is renamed to .sealed.
type segmentName struct {
	instance string
	id       exchange.ID
	base     uint64
}

const (
	openSuffix    = ".open"
	sealedSuffix  = ".sealed"
	damagedSuffix = ".damaged"

	frameHead  = 12
	footerTail = 16
	footerEnd  = "PARSEAL1"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var namePattern = regexp.MustCompile(`^([0-9a-f]{8})-([0-9a-f-]{36})-([0-9]+)$`)

// parseName reads a file's name without its suffix.
func parseName(s string) (segmentName, bool) {
	m := namePattern.FindStringSubmatch(s)
	if m == nil {
		return segmentName{}, false
	}
	id, err1 := exchange.ParseID(m[2])
	base, err2 := strconv.ParseUint(m[3], 10, 64)
	return segmentName{m[1], id, base}, err1 == nil && err2 == nil
}

func (n segmentName) String() string {
	return fmt.Sprintf("%s-%s-%d", n.instance, n.id, n.base)
}

// opened is the time in the UUIDv7.
func (n segmentName) opened() time.Time {
	var ms [8]byte
	copy(ms[2:], n.id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC()
}

func (n segmentName) seed() uint32 { return crc32.Checksum(n.id[:], castagnoli) }

// appendFrame adds e as a frame to dst.
func appendFrame(dst []byte, seed uint32, e *exchange.Exchange) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = exchange.Append(dst, e, exchange.RecordingSides)
	head, payload := dst[at:at+frameHead], dst[at+frameHead:]
	binary.LittleEndian.PutUint32(head, uint32(len(payload)))
	binary.LittleEndian.PutUint32(head[4:], crc32.Update(seed, castagnoli, payload))
	binary.LittleEndian.PutUint32(head[8:], crc32.Update(seed, castagnoli, head[:8]))
	return dst
}

// frames reads the frames of a segment.
type frames struct {
	r    *bufio.Reader
	seed uint32
	off  int64  // end of the last whole frame
	size int64  // where frames must end
	buf  []byte // payloads read; the reader's owner empties it
}

var (
	// errTorn: nothing can be read from here on. At the end of an open segment
	// this is how a write looks that a crash cut off. A disk that can't read its
	// own file is the same to us: trying again would hold up all later segments.
	errTorn = errors.New("a frame is cut off or its head is damaged; nothing after it can be read")
	// errFrame: the frame was passed over, the next one may be whole.
	errFrame = errors.New("the row is damaged")
)

func newFrames(f io.ReaderAt, n segmentName, size int64) *frames {
	return &frames{r: bufio.NewReaderSize(io.NewSectionReader(f, 0, size), 256<<10), seed: n.seed(), size: size}
}

// next appends the next frame's payload to buf. It returns io.EOF at the end,
// errFrame, or errTorn, which wraps what the disk says.
func (f *frames) next() error {
	if f.off == f.size {
		return io.EOF
	}
	var head [frameHead]byte
	if f.size-f.off < frameHead {
		return errTorn
	}
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return fmt.Errorf("%w: %w", errTorn, err)
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if crc32.Update(f.seed, castagnoli, head[:8]) != binary.LittleEndian.Uint32(head[8:]) || n > f.size-f.off-frameHead {
		return errTorn
	}
	at := len(f.buf)
	f.buf = append(f.buf, make([]byte, n)...)
	payload := f.buf[at:]
	if _, err := io.ReadFull(f.r, payload); err != nil {
		return fmt.Errorf("%w: %w", errTorn, err)
	}
	f.off += frameHead + n
	if crc32.Update(f.seed, castagnoli, payload) != binary.LittleEndian.Uint32(head[4:]) {
		f.buf = f.buf[:at]
		return errFrame
	}
	return nil
}

// footer is what is known when a segment is sealed.
type footer struct {
	Rows   uint64          `json:"rows"`
	Ledger exchange.Ledger `json:"ledger"` // see Segment
}

// seal writes the footer at the end of the frames, and makes the file durable.
func (n segmentName) seal(f *os.File, end int64, foot footer) error {
	text, err := json.Marshal(foot)
	if err != nil {
		return err
	}
	tail := make([]byte, 0, footerTail)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(text)))
	tail = binary.LittleEndian.AppendUint32(tail, crc32.Update(n.seed(), castagnoli, text))
	text = append(append(text, tail...), footerEnd...)
	// What a write that was cut off left behind must not follow the footer.
	if err := f.Truncate(end); err != nil {
		return err
	}
	if _, err := f.WriteAt(text, end); err != nil {
		return err
	}
	return f.Sync()
}

// readFooter returns the footer and where the frames end; false where the
// footer is damaged.
func (n segmentName) readFooter(f io.ReaderAt, size int64) (foot footer, end int64, ok bool) {
	tail := make([]byte, footerTail)
	if size < footerTail {
		return footer{}, size, false
	}
	if _, err := f.ReadAt(tail, size-footerTail); err != nil || string(tail[8:]) != footerEnd {
		return footer{}, size, false
	}
	end = size - footerTail - int64(binary.LittleEndian.Uint32(tail))
	if end < 0 {
		return footer{}, size, false
	}
	text := make([]byte, size-footerTail-end)
	if _, err := f.ReadAt(text, end); err != nil ||
		crc32.Update(n.seed(), castagnoli, text) != binary.LittleEndian.Uint32(tail[4:]) ||
		json.Unmarshal(text, &foot) != nil {
		return footer{}, size, false
	}
	return foot, end, true
}
