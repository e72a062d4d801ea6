// Package terminaltest shows tests what people see: it is a terminal that obeys
// what Parity's progress uses, and one that it does not know is a failure.
package terminaltest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Screen is what a terminal shows, with what has scrolled away above it. Every
// character takes one column.
type Screen struct {
	mu            sync.Mutex
	width, height int
	rows          [][]rune
	row, column   int
	rest          []byte // the beginning of something
	strange       string // what it does not know
}

// New is an empty screen.
func New(width, height int) *Screen {
	return &Screen{width: width, height: height, rows: make([][]rune, 1)}
}

var control = regexp.MustCompile(`^\x1b\[([0-9]*)([A-Za-z])`)

// Write obeys p, as a terminal behind a line discipline: \n goes down and no
// more.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data := append(s.rest, p...)
	for len(data) > 0 {
		n := s.take(data)
		if n == 0 {
			break
		}
		data = data[n:]
	}
	s.rest = data
	return len(p), nil
}

// take obeys what data begins with and says how many bytes that is; 0: it is not
// whole yet.
func (s *Screen) take(data []byte) int {
	switch data[0] {
	case '\r':
		s.column = 0
		return 1
	case '\n':
		s.down()
		return 1
	case '\x1b':
		return s.escape(data)
	}
	if !utf8.FullRune(data) {
		return 0
	}
	r, n := utf8.DecodeRune(data)
	if r < ' ' {
		s.strange = fmt.Sprintf("%q", data)
	}
	s.put(r)
	return n
}

func (s *Screen) escape(data []byte) int {
	m := control.FindSubmatch(data)
	if m == nil {
		if len(data) > 16 {
			s.strange = fmt.Sprintf("%q", data)
			return 1
		}
		return 0
	}
	row := &s.rows[s.row]
	switch count, _ := strconv.Atoi(string(m[1])); {
	case m[2][0] == 'A':
		s.row = max(s.row-max(count, 1), len(s.rows)-s.height, 0)
	case m[2][0] == 'K' && count == 0:
		*row = (*row)[:min(s.column, len(*row))]
	case m[2][0] == 'J' && count == 0:
		*row = (*row)[:min(s.column, len(*row))]
		s.rows = s.rows[:s.row+1]
	default:
		s.strange = fmt.Sprintf("%q", m[0])
	}
	return len(m[0])
}

func (s *Screen) down() {
	s.row++
	if s.row == len(s.rows) {
		s.rows = append(s.rows, nil)
	}
}

func (s *Screen) put(r rune) {
	if s.column == s.width {
		s.column = 0
		s.down()
	}
	row := &s.rows[s.row]
	for len(*row) <= s.column {
		*row = append(*row, ' ')
	}
	(*row)[s.column] = r
	s.column++
}

// Resize folds what is too long for the new width, as most terminals do.
func (s *Screen) Resize(width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows [][]rune
	at := 0
	for i, row := range s.rows {
		if i == s.row {
			at = len(rows)
		}
		for len(row) > width {
			rows, row = append(rows, row[:width:width]), row[width:]
		}
		rows = append(rows, row)
	}
	s.rows, s.row, s.width, s.height = rows, at, width, height
}

// String is all that was ever shown and not cleared, without spaces at the ends
// of lines. What is not known is said.
func (s *Screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for i, row := range s.rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimRight(string(row), " "))
	}
	if s.strange != "" {
		b.WriteString("\nthe terminal does not know " + s.strange)
	}
	return b.String()
}
