package derive

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"io"
	"os"
	"sort"

	"github.com/modelparity/parity/internal/store"
)

// sorter sorts records of one size by their bytes, in bounded memory: what does
// not fit waits in a temporary file without a name, in runs that are sorted.
type sorter struct {
	size  int
	limit int // bytes in memory
	buf   []byte
	file  *os.File
	runs  []run
	end   int64 // of the file
}

// run is a part of the file, sorted.
type run struct{ from, size int64 }

// sortBytes is how much a sorter holds in memory by default.
const sortBytes = 32 << 20

func newSorter(size, limit int) *sorter { return &sorter{size: size, limit: cmp.Or(limit, sortBytes)} }

func (s *sorter) add(record []byte) error {
	if len(s.buf)+s.size > s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.buf = append(s.buf, record...)
	return nil
}

func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = store.Temp("parity-select-*"); err != nil {
			return err
		}
		if err := os.Remove(s.file.Name()); err != nil {
			return err
		}
	}
	sort.Sort(&records{s.buf, s.size, make([]byte, s.size)})
	n, err := s.file.WriteAt(s.buf, s.end)
	s.runs = append(s.runs, run{s.end, int64(n)})
	s.end += int64(n)
	s.buf = s.buf[:0]
	return err
}

// sorted returns next, which returns the records in their order, each valid until the next, and
// io.EOF after the last. None may be added any more.
func (s *sorter) sorted() (next func() ([]byte, error), err error) {
	sort.Sort(&records{s.buf, s.size, make([]byte, s.size)})
	m := merge{head{in: bytes.NewReader(s.buf)}}
	for _, r := range s.runs {
		m = append(m, head{in: bufio.NewReader(io.NewSectionReader(s.file, r.from, r.size))})
	}
	for i := range m {
		m[i].record = make([]byte, s.size)
		if err := m[i].advance(); err != nil {
			return nil, err
		}
	}
	heap.Init(&m)
	given := make([]byte, s.size)
	return func() ([]byte, error) {
		if m[0].done {
			return nil, io.EOF
		}
		copy(given, m[0].record)
		err := m[0].advance()
		heap.Fix(&m, 0)
		return given, err
	}, nil
}

// close lets go of memory and disk. It may be called again.
func (s *sorter) close() error {
	f := s.file
	s.buf, s.file = nil, nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// records sorts records that lie side by side.
type records struct {
	buf  []byte
	size int
	swap []byte
}

func (r *records) at(i int) []byte    { return r.buf[i*r.size:][:r.size] }
func (r *records) Len() int           { return len(r.buf) / r.size }
func (r *records) Less(i, j int) bool { return bytes.Compare(r.at(i), r.at(j)) < 0 }
func (r *records) Swap(i, j int) {
	copy(r.swap, r.at(i))
	copy(r.at(i), r.at(j))
	copy(r.at(j), r.swap)
}

// head is the next record of a run.
type head struct {
	in     io.Reader
	record []byte
	done   bool
}

func (h *head) advance() error {
	_, err := io.ReadFull(h.in, h.record)
	if errors.Is(err, io.EOF) {
		h.done = true
		return nil
	}
	return err
}

// merge is a heap of runs by their next records, those that are done last.
type merge []head

func (m merge) Len() int { return len(m) }
func (m merge) Less(i, j int) bool {
	if m[i].done || m[j].done {
		return !m[i].done
	}
	return bytes.Compare(m[i].record, m[j].record) < 0
}
func (m merge) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m merge) Push(any)      { panic("a merge never grows") }
func (m merge) Pop() any      { panic("nor shrinks") }
