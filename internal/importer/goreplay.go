package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// goreplaySeparator stands between messages, on a line of its own.
const goreplaySeparator = "🐵🙈🙉\n"

// readGoReplay reads what GoReplay's --output-file writes: messages as they were on
// the wire, each after a line "1 id time duration" (2 of an answer), times in
// nanoseconds (github.com/buger/goreplay, protocol.go and input_raw.go).
func readGoReplay(ctx context.Context, f *file, s *sink) error {
	r, err := f.open(ctx)
	if err != nil {
		return err
	}
	for at := int64(0); ctx.Err() == nil; {
		block, whole, err := readBlock(r)
		p := place{f.name, "byte", at}
		switch {
		case err != nil:
			return fmt.Errorf("message at byte %d: %w", at, err)
		case !whole && len(bytes.TrimSpace(block)) == 0:
			return nil
		case !whole:
			s.drop(p, Unreadable, errors.New("the file ends within it"))
			return nil
		}
		at += int64(len(block) + len("\n"+goreplaySeparator))
		if err := s.goreplay(p, block); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readBlock reads up to the next separator; what ends without one is not whole.
func readBlock(r *bufio.Reader) (block []byte, whole bool, err error) {
	start := 0 // of the line
	for {
		part, err := r.ReadSlice('\n')
		block = append(block, part...)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // the latter of a .gz that was cut off
			return block, false, nil
		case len(block) > most:
			return nil, false, errTooLong
		case err == bufio.ErrBufferFull:
			continue
		case err != nil:
			return nil, false, err
		}
		if string(block[start:]) == goreplaySeparator {
			return bytes.TrimSuffix(block[:start], []byte("\n")), true, nil
		}
		start = len(block)
	}
}

func (s *sink) goreplay(p place, block []byte) error {
	h, err := parseGoReplay(block)
	switch {
	case err != nil:
		s.drop(p, Unreadable, err)
		return nil
	case h == nil:
		s.drop(p, Replayed, errors.New("it is the answer of what GoReplay sent to"))
		return nil
	}
	h.place = p
	return s.pairs.put(h)
}

// parseGoReplay makes half an exchange of a message; none of a replayed answer's.
func parseGoReplay(block []byte) (*half, error) {
	head, raw, ok := bytes.Cut(block, []byte("\n"))
	fields := strings.Fields(string(head[:min(len(head), 1<<10)]))
	if !ok || len(fields) < 3 {
		return nil, fmt.Errorf(`%.100q is no header of GoReplay's ("1 id time duration")`, head)
	}
	ns, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || ns < 0 {
		return nil, fmt.Errorf("time %.100q is no number of nanoseconds", fields[2])
	}
	h := &half{key: fields[1], answer: fields[0] == "2", e: &exchange.Exchange{Time: exchange.At(time.Unix(0, ns))}}
	switch {
	case fields[0] == "3":
		return nil, nil
	case fields[0] == "1":
		err = wireRequest(raw, h.e)
	case h.answer:
		if len(fields) > 3 {
			took, _ := strconv.ParseInt(fields[3], 10, 64) // none where it is no number
			h.e.Reference.LatencyUS = max(took, 0) / 1000
		}
		err = wireAnswer(raw, h.e)
	default:
		err = fmt.Errorf("type %.100q is none of 1, 2 and 3", fields[0])
	}
	h.e.Request.SourceID = h.key
	return h, err
}
