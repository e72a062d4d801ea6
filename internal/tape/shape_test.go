package tape

import (
	"bytes"
	"testing"
)

// A text that Read takes has the tree of the one that the shape is of, and
// ReadBeside says of each scalar what Read and a look at its bytes would.
func FuzzShape(f *testing.F) {
	for _, c := range benchAnswers {
		f.Add(c.text, c.text)
	}
	f.Add(`{"a":1,"b":"x"}`, `{"a":10,"b":"xy"}`)
	f.Add(`[1]`, `[1.5e3]`)
	f.Add(`[1e3 ]`, `[1e31 ]`)
	f.Add(`["a\"b",true]`, `["a",null]`)
	f.Add(`[null, "a", "b"]`, `[false, "a" , "b"]`)
	f.Add(`1`, `12`)
	f.Add(`[NaN]`, `[1]`)
	f.Add(`{"a":true}`, `{"a":truer}`)
	f.Fuzz(func(t *testing.T, text, other string) {
		var tape, o Tape
		var s Shape
		if tape.ReadJSON([]byte(text)) != nil || !s.Learn(&tape) {
			t.Skip()
		}
		own, ok := s.Read(nil, []byte(text))
		if !ok || len(own) != s.Len() {
			t.Fatalf("%q has not its own shape", text)
		}
		scalars, ok := s.Read(nil, []byte(other))
		if ok {
			if err := o.ReadJSON([]byte(other)); err != nil {
				t.Fatalf("%q is read as of the shape of %q: %v", other, text, err)
			}
			checkScalars(t, &s, &o, scalars)
		}
		checkBeside(t, &s, []byte(text), []byte(other), own, scalars, ok)
	})
}

// checkScalars holds the scalars against the tape of the same text.
func checkScalars(t *testing.T, s *Shape, o *Tape, scalars []Scalar) {
	for i, c := range scalars {
		n := o.Nodes[s.Node(i)]
		word := func(k Kind) bool { return k == True || k == False || k == Null }
		if n.Start != c.Start || n.Stop != c.Stop || n.Kind != s.Kind(i) && !(word(n.Kind) && word(s.Kind(i))) {
			t.Fatalf("%q: scalar %d is %v %q, on the tape %+v", o.Text, i, c, s.Kind(i), n)
		}
	}
}

func checkBeside(t *testing.T, s *Shape, text, other []byte, own, scalars []Scalar, ok bool) {
	places := make([]int32, s.Len())
	for i := range places {
		places[i] = int32(i)
	}
	others, fits := s.ReadBeside(nil, other, text, own, places)
	if fits != ok {
		t.Fatalf("%q beside %q: %v, alone %v", other, text, fits, ok)
	}
	if !ok {
		return
	}
	for i, c := range scalars {
		listed := len(others) > 0 && others[0].Index == i
		if listed {
			if others[0].Scalar != c {
				t.Fatalf("%q beside %q: scalar %d is %v, alone %v", other, text, i, others[0], c)
			}
			others = others[1:]
		} else if !bytes.Equal(other[c.Start:c.Stop], text[own[i].Start:own[i].Stop]) {
			t.Fatalf("%q beside %q: scalar %d is not the same", other, text, i)
		}
	}
}
