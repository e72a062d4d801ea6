package mapping

import (
	"fmt"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/modelparity/parity/internal/exchange"
)

// tracer finds at which values of a document a program fails, which gojq does not
// say. It runs smaller and smaller parts of the program, each on the values of the
// document that the part before leads to, as long as they fail in the same words.
//
// So a part that fails elsewhere, or is never reached, is not taken for the cause,
// and what can't be taken apart (a function, a loop, what has a variable) is given
// with the value that it was applied to. A value that the program computed has no
// place; the one that it was computed from has.
type tracer struct {
	parts  map[string]*gojq.Code // by source; nil: it does not compile, as what has a variable
	budget *budget
	defs   string // functions that the program defines
	said   string // by the program as it failed
}

// spot is a value of the document.
type spot struct {
	value any
	path  []any
}

// where returns the places at which the query fails on a document, as text.
func (t *tracer) where(q *gojq.Query, document any) (places string) {
	found := []spot{{value: document}}
	defer func() {
		_ = recover() // gojq's, as in guarded: what was found by then is true
		var all []string
		for _, s := range found {
			all = append(all, pathText(s.path))
		}
		places = strings.Join(all, " and ")
	}()
	body := *q
	body.FuncDefs = nil
	for _, def := range q.FuncDefs {
		t.defs += def.String() + " "
	}
	t.query(&body, found[0], &found)
	return places
}

// query narrows down found, where q fails on s.
func (t *tracer) query(q *gojq.Query, s spot, found *[]spot) {
	*found = []spot{s}
	switch {
	case q.Term != nil:
		t.term(q.Term, s, found)
	case len(q.FuncDefs) > 0 || len(q.Patterns) > 0:
	case q.Op == gojq.OpPipe, q.Op == gojq.OpModify:
		t.pipe(q.Left, q.Right, s, found)
	case !t.first(s, found, q.Left, q.Right): // each works alone
		t.operands(s, found, q.Left, q.Right)
	}
}

// pipe looks at what left leads to, one by one.
func (t *tracer) pipe(left, right *gojq.Query, s spot, found *[]spot) {
	for _, next := range t.spots(left.String(), s) {
		if t.fails(right.String(), next) {
			t.query(right, next, found)
			return
		}
	}
	t.first(s, found, left)
}

// first narrows down to the first of the parts that fails on s.
func (t *tracer) first(s spot, found *[]spot, parts ...*gojq.Query) bool {
	for _, q := range parts {
		if q != nil && t.fails(q.String(), s) {
			t.query(q, s, found)
			return true
		}
	}
	return false
}

// operands narrows down to the values that an operator does not work on.
func (t *tracer) operands(s spot, found *[]spot, sides ...*gojq.Query) {
	var all []spot
	for _, q := range sides {
		if at := t.spots(q.String(), s); len(at) == 1 {
			all = append(all, at[0])
		}
	}
	if len(all) > 0 {
		*found = all
	}
}

func (t *tracer) term(term *gojq.Term, s spot, found *[]spot) {
	if len(term.SuffixList) > 0 {
		t.suffix(term, s, found)
		return
	}
	switch term.Type {
	case gojq.TermTypeQuery:
		t.query(term.Query, s, found)
	case gojq.TermTypeArray:
		t.query(term.Array.Query, s, found)
	case gojq.TermTypeUnary:
		if q := (&gojq.Query{Term: term.Unary.Term}); !t.first(s, found, q) {
			t.operands(s, found, q)
		}
	case gojq.TermTypeObject:
		for _, kv := range term.Object.KeyVals {
			if t.first(s, found, kv.KeyQuery, kv.Val) {
				return
			}
		}
	case gojq.TermTypeString, gojq.TermTypeFormat:
		if term.Str != nil {
			t.first(s, found, term.Str.Queries...)
		}
	case gojq.TermTypeFunc:
		if f := term.Func; f.Name == "map" && len(f.Args) == 1 {
			t.pipe(&gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity, SuffixList: []*gojq.Suffix{{Iter: true}}}}, f.Args[0], s, found)
		}
	}
}

// suffix looks at a term as at a pipe: all but its last step, and that.
func (t *tracer) suffix(term *gojq.Term, s spot, found *[]spot) {
	n := len(term.SuffixList) - 1
	before, last := *term, term.SuffixList[n]
	before.SuffixList = term.SuffixList[:n]
	step := &gojq.Term{Type: gojq.TermTypeIdentity, SuffixList: []*gojq.Suffix{last}}
	switch {
	case last.Optional, n == 0 && term.Type == gojq.TermTypeIdentity: // .[] is one step
		return
	case last.Index != nil:
		step = &gojq.Term{Type: gojq.TermTypeIndex, Index: last.Index}
	}
	t.pipe(&gojq.Query{Term: &before}, &gojq.Query{Term: step}, s, found)
}

// fails says whether a part fails on s in the words that the whole program did.
func (t *tracer) fails(source string, s spot) bool {
	err := t.run(source, s.value, func(any) {})
	return err != nil && t.budget.err == nil && t.budget.explain(err).Error() == t.said
}

// spots are the values of the document that a part leads to, up to where it fails:
// none if it computes them.
func (t *tracer) spots(source string, s spot) (all []spot) {
	t.run("path("+source+") as $p | [$p, getpath($p)]", s.value, func(v any) {
		pair := v.([]any)
		all = append(all, spot{pair[1], append(s.path[:len(s.path):len(s.path)], pair[0].([]any)...)})
	})
	return all
}

// run runs a part to its end.
func (t *tracer) run(source string, value any, each func(any)) error {
	code, ok := t.parts[source]
	if !ok {
		if q, err := gojq.Parse(t.defs + source); err == nil {
			code, _ = gojq.Compile(q)
		}
		t.parts[source] = code
	}
	if code == nil {
		return nil
	}
	results := code.RunWithContext(t.budget, value)
	for {
		switch v, ok := results.Next(); v := v.(type) {
		case error:
			return v
		default:
			if !ok {
				return nil
			}
			each(v)
		}
	}
}

// maxPath is how many bytes of a path are given.
const maxPath = 100

// pathText writes a path as rules and reports do.
func pathText(path []any) string {
	text := []byte{'$'}
	for _, step := range path {
		switch step := step.(type) {
		case string:
			text = exchange.AppendName(text, step)
		case map[string]any:
			text = fmt.Appendf(text, "[%v:%v]", orNothing(step["start"]), orNothing(step["end"]))
		default:
			text = fmt.Appendf(text, "[%v]", step)
		}
	}
	if len(text) <= maxPath {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:maxPath/2]), "") + "…" + strings.ToValidUTF8(string(text[len(text)-maxPath/2:]), "")
}

func orNothing(v any) any {
	if v == nil {
		return ""
	}
	return v
}
