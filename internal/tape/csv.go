package tape

import (
	"bytes"
	"errors"
	"fmt"
)

// ReadCSV fills the tape with an array of rows, each an array of Cells. With
// names the first row names the columns and each further row is an object; a row
// of another length, and an empty or repeated name, are errors. Line ends don't
// count. A blank line is a row of one empty cell, because in an answer of one
// column it is an empty prediction. The grammar is that of encoding/csv.
func (t *Tape) ReadCSV(text []byte, names bool) error {
	if err := t.reset(text); err != nil {
		return err
	}
	r := csvReader{tape: t, rest: text}
	t.Text, t.columns = t.buffer[:0], t.columns[:0]
	err := r.readAll(names)
	t.buffer = t.Text
	if err != nil {
		return t.fail(err)
	}
	return nil
}

type csvReader struct {
	tape *Tape
	rest []byte // lines not yet read
	line int    // lines read
}

func (r *csvReader) readAll(names bool) error {
	t := r.tape
	t.Nodes = append(t.Nodes, Node{Kind: Array, Parent: none})
	if names {
		if err := r.header(); err != nil {
			return err
		}
	}
	size := int32(0)
	for ; r.more(); size++ {
		if err := r.row(size); err != nil {
			return err
		}
	}
	root := &t.Nodes[0]
	root.Size, root.Stop, root.End = size, uint32(len(t.Text)), int32(len(t.Nodes))
	return nil
}

// header reads the first row, keeps its cells as the names of the columns and
// takes them off the tape.
func (r *csvReader) header() error {
	t := r.tape
	if !r.more() {
		return errors.New("CSV: no line with the names of the columns")
	}
	if err := r.row(0); err != nil {
		return err
	}
	for c := range t.Nodes[2:] {
		n := &t.Nodes[c+2]
		n.NameStart, n.NameStop, n.NameHash = n.Start, n.Stop, hash(t.Text[n.Start:n.Stop])
		if n.Start == n.Stop {
			return fmt.Errorf("CSV: column %d has no name", c+1)
		}
	}
	if c := t.tabulate(1); c != none {
		return fmt.Errorf("CSV: a second column is named %q", t.Name(c))
	}
	t.columns = append(t.columns, t.Nodes[2:]...)
	t.Nodes, t.tables = t.Nodes[:1], t.tables[:0]
	return nil
}

// more says whether there is another row. A lone \r at the end is none.
func (r *csvReader) more() bool {
	return len(r.rest) > 1 || len(r.rest) == 1 && r.rest[0] != '\r'
}

// next takes a line, without its end.
func (r *csvReader) next() []byte {
	line, rest, _ := bytes.Cut(r.rest, []byte{'\n'})
	r.rest = rest
	r.line++
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// row appends one row.
func (r *csvReader) row(index int32) error {
	t := r.tape
	if len(t.Nodes) == maxNodes {
		return ErrTooLarge
	}
	row := int32(len(t.Nodes))
	start := uint32(len(t.Text))
	t.Nodes = append(t.Nodes, Node{Kind: Array, Start: start, Parent: 0, Index: index})
	line, size := r.next(), int32(0)
	first := r.line
	for more := true; more; size++ {
		from := len(t.Text)
		var err error
		if line, more, err = r.cell(line); err != nil {
			return err
		}
		if len(t.Nodes) == maxNodes {
			return ErrTooLarge
		}
		t.Nodes = append(t.Nodes, Node{
			Kind: Cell, Start: uint32(from), Stop: uint32(len(t.Text)),
			Parent: row, End: int32(len(t.Nodes) + 1), Index: size,
		})
		t.Text = append(t.Text, ',')
	}
	t.Text[len(t.Text)-1] = '\n'
	n := &t.Nodes[row]
	n.Stop, n.End, n.Size = uint32(len(t.Text)-1), int32(len(t.Nodes)), size
	if len(t.columns) > 0 {
		return t.nameCells(row, first)
	}
	return nil
}

// nameCells makes the row an object.
func (t *Tape) nameCells(row int32, line int) error {
	n := &t.Nodes[row]
	if int(n.Size) != len(t.columns) {
		return fmt.Errorf("CSV line %d: %d cells in a row, of %d columns", line, n.Size, len(t.columns))
	}
	n.Kind = Object
	for i := range t.columns {
		c, from := &t.Nodes[int(row)+1+i], &t.columns[i]
		c.NameStart, c.NameStop, c.NameHash = from.NameStart, from.NameStop, from.NameHash
	}
	return nil
}

// cell appends the text of the first cell of the line. more says whether a comma
// came behind it.
func (r *csvReader) cell(line []byte) (rest []byte, more bool, err error) {
	t := r.tape
	if len(line) == 0 || line[0] != '"' {
		cell, rest, more := bytes.Cut(line, []byte{','})
		if bytes.IndexByte(cell, '"') >= 0 {
			return nil, false, fmt.Errorf("CSV line %d: a quote within a cell that does not begin with one", r.line)
		}
		t.Text = append(t.Text, cell...)
		return rest, more, nil
	}
	from := r.line
	for line = line[1:]; ; {
		i := bytes.IndexByte(line, '"')
		switch {
		case i < 0 && len(r.rest) == 0:
			return nil, false, fmt.Errorf("CSV line %d: no quote ends the cell", from)
		case i < 0:
			t.Text = append(append(t.Text, line...), '\n')
			line = r.next()
			continue
		}
		t.Text = append(t.Text, line[:i]...)
		line = line[i+1:]
		switch {
		case len(line) == 0:
			return nil, false, nil
		case line[0] == ',':
			return line[1:], true, nil
		case line[0] != '"':
			return nil, false, fmt.Errorf("CSV line %d: text behind the quote that ends a cell", r.line)
		}
		t.Text = append(t.Text, '"')
		line = line[1:]
	}
}
