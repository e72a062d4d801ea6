package compare

import (
	"bytes"
	"encoding/csv"
	"io"
)

// readCSV fills the tape with an array of rows, each an array of cells. Line
// ends don't count. A blank line is a row of one empty cell, because in an
// answer of one column it is an empty prediction; encoding/csv alone would drop
// it and shift the rest.
func (t *tape) readCSV(text []byte) error {
	t.reset(nil)
	if err := t.begin('[', 0); err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	for rest := text; ; rest = text[r.InputOffset():] {
		for n := blankLine(rest); n > 0; n = blankLine(rest) {
			if err := t.addRow([]string{""}); err != nil {
				return err
			}
			rest = rest[n:]
		}
		record, err := r.Read()
		if err == io.EOF {
			t.close(len(t.text))
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.addRow(record); err != nil {
			return err
		}
	}
}

// blankLine is the length of the empty line that text starts with, 0 for none.
func blankLine(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\n")):
		return 1
	case bytes.HasPrefix(text, []byte("\r\n")):
		return 2
	}
	return 0
}

func (t *tape) addRow(cells []string) error {
	if err := t.begin('[', len(t.text)); err != nil {
		return err
	}
	for _, c := range cells {
		start := len(t.text)
		t.text = append(t.text, c...)
		if err := t.add(cell, start, len(t.text)); err != nil {
			return err
		}
		t.text = append(t.text, ',')
	}
	t.text[len(t.text)-1] = '\n'
	t.close(len(t.text) - 1)
	return nil
}
