package replay

import (
	"fmt"
	"os"
	"sync"
)

// spill is a file without a name for what waits while memory is short. It is
// made when it is needed, and gone with the process.
type spill struct {
	mu   sync.Mutex
	file *os.File
	size int64
}

// stored is where headers and a body lie in a spill. The zero value is nowhere.
type stored struct {
	offset        int64
	headers, body int
}

func (s stored) somewhere() bool { return s.headers+s.body > 0 }

func (s *spill) store(headers, body []byte) (stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		f, err := os.CreateTemp("", "parity-replay-*")
		if err != nil {
			return stored{}, fmt.Errorf("put what waits on the disk: %w: set TMPDIR to a folder that exists, can be written and has room", err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return stored{}, fmt.Errorf("put what waits on the disk: %w", err)
		}
	}
	place := stored{s.size, len(headers), len(body)}
	for _, part := range [][]byte{headers, body} {
		if _, err := s.file.WriteAt(part, s.size); err != nil {
			return stored{}, fmt.Errorf("put what waits on the disk: %w: set TMPDIR to a folder with room", err)
		}
		s.size += int64(len(part))
	}
	return place, nil
}

func (s *spill) load(place stored) (headers, body []byte, err error) {
	data := make([]byte, place.headers+place.body)
	if _, err := s.file.ReadAt(data, place.offset); err != nil {
		return nil, nil, fmt.Errorf("read what waits on the disk: %w", err)
	}
	return data[:place.headers:place.headers], data[place.headers:], nil
}

func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
