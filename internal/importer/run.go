package importer

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// run is a temporary file of halves, sorted by key.
type run struct {
	f     *os.File
	r     *bufio.Reader
	order int // among the runs
	next  *half
}

const runSides = exchange.RequestSide | exchange.ReferenceSide

func newRun(waiting map[string]*half) (*run, error) {
	f, err := store.Temp("parity-import-*")
	if err != nil {
		return nil, err
	}
	r := &run{f: f}
	w := bufio.NewWriterSize(f, 256<<10)
	var buf []byte
	for _, key := range slices.Sorted(maps.Keys(waiting)) {
		buf = waiting[key].encode(buf[:0])
		w.Write(binary.AppendUvarint(nil, uint64(len(buf)))) // an error stays, until Flush
		w.Write(buf)
	}
	err = w.Flush()
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("write %s: %w: it wants as much room in TMPDIR as the requests and answers that wait for each other", f.Name(), err)
	}
	r.r = bufio.NewReaderSize(f, 64<<10)
	return r, nil
}

func (r *run) close() {
	r.f.Close()
	os.Remove(r.f.Name())
}

// encode adds what decode reads: texts with their lengths, then the exchange.
func (h *half) encode(dst []byte) []byte {
	side := byte(0)
	if h.answer {
		side = 1
	}
	dst = append(dst, side)
	dst = binary.AppendVarint(dst, h.place.at)
	for _, s := range []string{h.key, h.place.file, h.place.unit} {
		dst = append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	}
	return exchange.Append(dst, h.e, runSides)
}

func decodeHalf(src []byte) (*half, error) {
	h := &half{e: &exchange.Exchange{}}
	r := bytes.NewReader(src)
	side, err := r.ReadByte()
	h.answer = side == 1
	at, atErr := binary.ReadVarint(r)
	h.place.at = at
	err = errors.Join(err, atErr)
	for _, s := range []*string{&h.key, &h.place.file, &h.place.unit} {
		n, lenErr := binary.ReadUvarint(r)
		if err = errors.Join(err, lenErr); err != nil || n > uint64(r.Len()) {
			return nil, errors.Join(err, errors.New("a temporary file is damaged"))
		}
		text := make([]byte, n)
		r.Read(text)
		*s = string(text)
	}
	return h, exchange.Decode(src[len(src)-r.Len():], h.e, runSides)
}

// advance reads the next half; next is nil at the end.
func (r *run) advance() error {
	r.next = nil
	n, err := binary.ReadUvarint(r.r)
	if err == io.EOF {
		return nil
	}
	if err == nil {
		buf := make([]byte, n)
		if _, err = io.ReadFull(r.r, buf); err == nil {
			r.next, err = decodeHalf(buf)
		}
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", r.f.Name(), err)
	}
	return nil
}

// merged yields the halves of all runs by key, and of one key as they were spilled.
func merged(runs []*run) iter.Seq2[*half, error] {
	return func(yield func(*half, error) bool) {
		var open runHeap
		for i, r := range runs {
			r.order = i
			if err := r.advance(); err != nil {
				yield(nil, err)
				return
			}
			if r.next != nil {
				open = append(open, r)
			}
		}
		heap.Init(&open)
		for len(open) > 0 {
			h := open[0].next
			err := open[0].advance()
			if !yield(h, err) || err != nil {
				return
			}
			if open[0].next == nil {
				heap.Pop(&open)
			} else {
				heap.Fix(&open, 0)
			}
		}
	}
}

type runHeap []*run

func (h runHeap) Len() int      { return len(h) }
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h runHeap) Less(i, j int) bool {
	if a, b := h[i].next.key, h[j].next.key; a != b {
		return a < b
	}
	return h[i].order < h[j].order
}
func (h *runHeap) Push(x any) { *h = append(*h, x.(*run)) }

func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
