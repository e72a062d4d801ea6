package answer

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/tape"
)

// few is how many columns are compared one by one, which needs no memory.
const few = 16

func (r *reader) readCSV(d *Decoded) error {
	if !utf8.Valid(r.text) {
		return errors.New("bytes that UTF-8 does not have")
	}
	return d.Tape.ReadCSV(r.text, false)
}

// nameColumns looks for headers on the two sides. Where both have one of the
// same names the rows become objects, so that the order of the columns does not
// matter; a header that only one side has is left out. Both sides have been read
// by position, which they keep where their headers have other names.
func (p *Pair) nameColumns() {
	ref, cand := &p.Reference.Tape, &p.Candidate.Tape
	refHeader, candHeader := hasHeader(ref, p.ref.kind.header), hasHeader(cand, p.cand.kind.header)
	if !refHeader && !candHeader {
		return
	}
	// A side that can't be told (no rows, no column of numbers) has a header
	// where its first row is the other side's.
	same := sameNames(ref, cand) && p.ref.kind.header != "absent" && p.cand.kind.header != "absent"
	switch {
	case same:
		p.readNamed()
	case !candHeader:
		p.Reference.Err = ref.ReadCSV(afterFirstRow(p.ref.text), false)
	case !refHeader:
		p.Candidate.Err = cand.ReadCSV(afterFirstRow(p.cand.text), false)
	}
}

// readNamed reads rows as objects, or by position where the names can't be
// members (one is empty or there twice) or a row is of another length.
func (p *Pair) readNamed() {
	r, c := &p.Reference, &p.Candidate
	if r.Tape.ReadCSV(p.ref.text, true) != nil || c.Tape.ReadCSV(p.cand.text, true) != nil {
		r.Err, c.Err = r.Tape.ReadCSV(p.ref.text, false), c.Tape.ReadCSV(p.cand.text, false)
	}
}

// hasHeader says whether the first row names the columns: as declared, or, where
// nothing is, when its cells are distinct words and a column below has numbers only.
func hasHeader(t *tape.Tape, declared string) bool {
	rows := t.Nodes[0].Size
	switch {
	case declared == "present":
		return rows > 0
	case declared == "absent" || rows < 2:
		return false
	}
	for n := int32(2); n < t.Nodes[1].End; n++ {
		if cell := t.Str(n); len(cell) == 0 || isNumber(cell) {
			return false
		}
	}
	return hasNumberColumn(t) && distinct(t)
}

// distinct says that no two cells of the first row are the same.
func distinct(t *tape.Tape) bool {
	cells := t.Nodes[1].Size
	if cells > few {
		seen := make(map[string]bool, cells)
		for n := int32(2); n < t.Nodes[1].End; n++ {
			seen[string(t.Str(n))] = true
		}
		return len(seen) == int(cells)
	}
	for n := int32(2); n < t.Nodes[1].End; n++ {
		for m := int32(2); m < n; m++ {
			if bytes.Equal(t.Str(n), t.Str(m)) {
				return false
			}
		}
	}
	return true
}

// hasNumberColumn says that all rows are of one length, and that a column has a
// number in every row but the first.
func hasNumberColumn(t *tape.Tape) bool {
	columns := t.Nodes[1].Size
	words := make([]bool, columns)
	left := columns // columns that have numbers only so far
	for row := t.Nodes[1].End; row < t.Nodes[0].End; row = t.Nodes[row].End {
		if t.Nodes[row].Size != columns {
			return false
		}
		for i := range columns {
			if !words[i] && !isNumber(t.Str(row+1+i)) {
				words[i] = true
				left--
			}
		}
	}
	return left > 0
}

// sameNames says that both first rows are the same set of cells.
func sameNames(a, b *tape.Tape) bool {
	if a.Nodes[0].Size == 0 || b.Nodes[0].Size == 0 || a.Nodes[1].Size != b.Nodes[1].Size {
		return false
	}
	first := int32(2)
	for first < a.Nodes[1].End && bytes.Equal(a.Str(first), b.Str(first)) {
		first++ // nearly always the columns have one order
	}
	left := map[string]int{}
	for n := first; n < a.Nodes[1].End; n++ {
		left[string(a.Str(n))]++
		left[string(b.Str(n))]--
	}
	for _, n := range left {
		if n != 0 {
			return false
		}
	}
	return true
}

// afterFirstRow cuts the first row off a valid CSV text.
func afterFirstRow(text []byte) []byte {
	quoted := false
	for i, b := range text {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted:
			return text[i+1:]
		}
	}
	return nil
}
