package compare

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/internal/exchange"
)

// A table is what a CSV says: rows of numbers and words under names.
type table struct {
	names []string
	rows  [][]any
}

var tables = rapid.Custom(func(t *rapid.T) table {
	columns := rapid.IntRange(1, 4).Draw(t, "columns")
	var out table
	for i := range columns {
		out.names = append(out.names, fmt.Sprintf("%c %d", 'a'+i, i))
	}
	cell := rapid.OneOf(literals, rapid.Map(rapid.StringMatching(`[a-z ,"\n]{0,4}`), func(s string) any { return s }))
	for range rapid.IntRange(0, 4).Draw(t, "rows") {
		var row []any
		for range columns {
			row = append(row, smallNumbers(cell.Draw(t, "cell")))
		}
		out.rows = append(out.rows, row)
	}
	return out
})

// write spells the table with its columns in an order, quotes, line ends and
// numbers as the random source likes. (A line end within a quoted cell counts as
// \n whatever it is, so those are left alone.)
func (t table) write(order []int, header bool, r *rand.Rand) []byte {
	var b strings.Builder
	cell := func(v any) {
		switch v := v.(type) {
		case literal:
			writeNumber(&b, string(v), r)
		case string:
			if r.Intn(3) == 0 || v == "" || strings.ContainsAny(v, ",\"\n") {
				v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
			b.WriteString(v)
		}
	}
	line := func(cells []any) {
		for i, column := range order {
			if i > 0 {
				b.WriteByte(',')
			}
			cell(cells[column])
		}
		b.WriteString([]string{"\n", "\r\n"}[r.Intn(2)])
	}
	if header {
		names := make([]any, len(t.names))
		for i, name := range t.names {
			names[i] = name
		}
		line(names)
	}
	for _, row := range t.rows {
		line(row)
	}
	return []byte(b.String())
}

// Another CSV library writes other quotes, line ends, columns and numbers. None
// of that is a difference, and a cell that changed is, by its column's name.
func TestReformattedCSVIsNoDifference(t *testing.T) {
	seed := rapid.Int64()
	rapid.Check(t, func(rt *rapid.T) {
		table := tables.Draw(rt, "table")
		r := rand.New(rand.NewSource(seed.Draw(rt, "seed")))
		header := rapid.Bool().Draw(rt, "header")
		contentType, there, back := "text/csv; header=absent", inOrder(len(table.names)), inOrder(len(table.names))
		if header {
			contentType, back = "text/csv; header=present", r.Perm(len(table.names))
		}
		a, b := table.write(there, header, r), table.write(back, header, r)
		if d, deltas := compareBodies(t, exact, contentType, a, b); d.outcome != Match {
			rt.Fatalf("%q\n%q\n%+v %v", a, b, d, deltas)
		}
		if len(table.rows) == 0 {
			return
		}
		row, column := r.Intn(len(table.rows)), r.Intn(len(table.names))
		old := table.rows[row][column]
		kind, path := KindString, fmt.Sprintf("$[%d][%d]", row, column)
		if _, ok := old.(literal); ok {
			kind = KindNumber
		}
		if header {
			path = fmt.Sprintf("$[%d]%s", row, exchange.AppendName(nil, table.names[column]))
		}
		table.rows[row][column] = map[Kind]any{KindString: "planted", KindNumber: literal("1e200")}[kind]
		b = table.write(back, header, r)
		if d, deltas := compareBodies(t, exact, contentType, a, b); d.outcome != Mismatch || len(deltas) != 1 || deltas[0].Path != path || deltas[0].Kind != kind {
			rt.Fatalf("%q\n%q\n%+v %v, want %s %s", a, b, d, deltas, path, kind)
		}
	})
}

// A tensor is an output of the Open Inference Protocol.
type tensor struct {
	name, datatype string
	shape          []int
	data           []any
}

var tensors = rapid.Custom(func(t *rapid.T) []*tensor {
	var out []*tensor
	for i := range rapid.IntRange(1, 3).Draw(t, "outputs") {
		o := &tensor{name: fmt.Sprint("out ", i), datatype: rapid.SampledFrom([]string{"FP32", "FP64", "INT64", "BYTES"}).Draw(t, "datatype")}
		values := 1
		for range rapid.IntRange(1, 3).Draw(t, "rank") {
			size := rapid.IntRange(1, 3).Draw(t, "size")
			o.shape = append(o.shape, size)
			values *= size
		}
		value := literals
		if o.datatype == "BYTES" {
			value = words
		}
		for range values {
			o.data = append(o.data, smallNumbers(value.Draw(t, "value")))
		}
		out = append(out, o)
	}
	return out
})

func outputs(all []*tensor, r *rand.Rand) any {
	list := []any{}
	for _, i := range r.Perm(len(all)) {
		o, shape := all[i], []any{}
		for _, size := range o.shape {
			shape = append(shape, size)
		}
		data := o.data
		if r.Intn(2) == 0 {
			data = nested(o.data, o.shape)
		}
		list = append(list, map[string]any{"name": o.name, "datatype": o.datatype, "shape": shape, "data": data})
	}
	return map[string]any{"model_name": "m", "outputs": list}
}

// nested writes flat data in rows.
func nested(data []any, shape []int) []any {
	if len(shape) == 1 {
		return data
	}
	rows := []any{}
	step := len(data) / shape[0]
	for i := range shape[0] {
		rows = append(rows, nested(data[i*step:(i+1)*step], shape[1:]))
	}
	return rows
}

// Triton, KServe and MLServer write one tensor in several ways. None of that is
// a difference; a value that changed is, by the output's name and its place.
func TestReformattedTensorsAreNoDifference(t *testing.T) {
	seed := rapid.Int64()
	rapid.Check(t, func(rt *rapid.T) {
		all := tensors.Draw(rt, "outputs")
		r := rand.New(rand.NewSource(seed.Draw(rt, "seed")))
		write := func() []byte { return spelled(outputs(all, r), r.Int63()) }
		a, b := write(), write()
		if d, deltas := compareBodies(t, exact, "application/json", a, b); d.outcome != Match {
			rt.Fatalf("%s\n%s\n%+v %v", a, b, d, deltas)
		}
		o := all[r.Intn(len(all))]
		i := r.Intn(len(o.data))
		var kind Kind
		o.data[i], kind = unlike(rt, o.data[i])
		b = write()
		path := fmt.Sprintf("$.outputs['%s'].data[%d]", o.name, i)
		if d, deltas := compareBodies(t, exact, "application/json", a, b); d.outcome != Mismatch || len(deltas) != 1 || deltas[0].Path != path || deltas[0].Kind != kind {
			rt.Fatalf("%s\n%s\n%+v %v, want %s %s", a, b, d, deltas, path, kind)
		}
	})
}
