package tape

import (
	"strings"
	"testing"
)

// check holds the tape to what Node promises: whoever walks it relies on every
// word of it, and would run in circles or out of the slice.
func check(t testing.TB, p *Tape) {
	t.Helper()
	if len(p.Nodes) == 0 {
		t.Fatal("no root")
	}
	if root := p.Nodes[0]; root.Parent != none || int(root.End) != len(p.Nodes) || root.Index != 0 {
		t.Fatalf("root %+v of %d nodes", root, len(p.Nodes))
	}
	for i := range p.Nodes {
		n, size := &p.Nodes[i], int32(0)
		if n.Start > n.Stop || int(n.Stop) > len(p.Text) || n.NameStart > n.NameStop || int(n.NameStop) > len(p.Text) {
			t.Fatalf("node %d lies outside the text: %+v", i, *n)
		}
		c := int32(i) + 1
		for ; c < n.End; c = p.Nodes[c].End {
			if p.Nodes[c].Parent != int32(i) || p.Nodes[c].Index != size || p.Nodes[c].End <= c {
				t.Fatalf("child %d of %d: %+v", size, i, p.Nodes[c])
			}
			size++
		}
		if c != n.End || size != n.Size {
			t.Fatalf("node %d has %d children up to %d: %+v", i, size, c, *n)
		}
		if named := i > 0 && p.Nodes[n.Parent].Kind == Object; named == (n.NameStop == 0) {
			t.Fatalf("node %d has a name: %+v", i, *n)
		}
	}
	checkFind(t, p)
}

// checkFind looks every member up by its own name.
func checkFind(t testing.TB, p *Tape) {
	t.Helper()
	for i := range p.Nodes {
		if p.Nodes[i].Kind != Object {
			continue
		}
		var members []int32
		for c := int32(i) + 1; c < p.Nodes[i].End; c = p.Nodes[c].End {
			members = append(members, c)
		}
		for k := range members { // one forward, one backward: past the hint
			for _, c := range []int32{members[k], members[len(members)-1-k]} {
				if got := p.Find(int32(i), p, c); got != c {
					t.Fatalf("Find of %q, member %d of %d: %d", p.Name(c), c, i, got)
				}
			}
		}
	}
}

func mustJSON(t testing.TB, text string) *Tape {
	t.Helper()
	p := new(Tape)
	if err := p.ReadJSON([]byte(text)); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	check(t, p)
	return p
}

// draw shows a tape on one line: containers as in JSON, everything else as its
// kind and its text.
func draw(p *Tape) string {
	var b strings.Builder
	drawNode(&b, p, 0)
	return b.String()
}

func drawNode(b *strings.Builder, p *Tape, i int32) {
	n := &p.Nodes[i]
	if i > 0 && p.Nodes[n.Parent].Kind == Object {
		b.WriteString(string(p.Name(i)) + ":")
	}
	if n.Kind != Object && n.Kind != Array {
		b.WriteString(string(rune(n.Kind)) + "<" + string(p.Str(i)) + ">")
		return
	}
	b.WriteByte(byte(n.Kind))
	for c := i + 1; c < n.End; c = p.Nodes[c].End {
		if c > i+1 {
			b.WriteByte(' ')
		}
		drawNode(b, p, c)
	}
	b.WriteByte(byte(n.Kind) + 2)
}
