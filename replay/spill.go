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
	place := stored{0, len(headers), len(body)}
	at, err := s.reserve(int64(place.headers + place.body))
	if err != nil {
		return stored{}, err
	}
	place.offset = at
	if err := s.write(headers, at); err != nil {
		return stored{}, err
	}
	return place, s.write(body, at+int64(place.headers))
}

// reserve returns where n bytes may be written. What is not written of them takes
// no room on most file systems.
func (s *spill) reserve(n int64) (offset int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		f, err := os.CreateTemp("", "parity-replay-*")
		if err != nil {
			return 0, fmt.Errorf("put what waits on the disk: %w: set TMPDIR to a folder that exists, can be written and has room", err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return 0, fmt.Errorf("put what waits on the disk: %w", err)
		}
	}
	offset = s.size
	s.size += n
	return offset, nil
}

func (s *spill) write(part []byte, at int64) error {
	if _, err := s.file.WriteAt(part, at); err != nil {
		return fmt.Errorf("put what waits on the disk: %w: set TMPDIR to a folder with room", err)
	}
	return nil
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
