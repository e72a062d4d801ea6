// Package mapping runs jq programs over JSON documents: the mapping of a
// request to what a new endpoint wants, and of an answer to what is compared.
//
// Programs are the user's own configuration; documents come from outside. A
// program is compiled once and says the same of the same document everywhere:
// what depends on the clock, the environment or other input is refused, and a
// call is stopped after a number of steps, at the same place on every machine.
//
// What remains possible: gojq can't be interrupted within one built-in function
// and has no limit of memory. A program that takes an index, a count or a length
// from the document (.[.i] = 1, .s * .n), or that searches a long text with a
// regular expression that is quadratic, can be made to take much of either by a
// document; documents over 1 MiB are refused to keep that small.
//
// What differs from the jq command: members come out sorted by name; NaN and
// infinities are errors instead of null and 1.797e308; text that is not UTF-8
// is an error; a regular expression must be written out in the program, and is
// of Go's kind (RE2). Functions such as exp may differ in the last bit between
// kinds of processors, as everywhere in Go.
package mapping

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/itchyny/gojq"
)

// The bounds of a call. A step is an instruction of the interpreter: the limit
// stops a program at the same place everywhere, after some tenths of a second on
// a quiet machine. A limit of time alone would make the verdict on an answer
// depend on how busy the machine is; maxTime is a backstop.
const (
	MaxDocument = 1 << 20 // bytes
	MaxOutput   = 4 << 20 // bytes
	maxDepth    = 256     // of a document's arrays and objects
	maxNumber   = 1000    // bytes of a number's literal: reading one takes quadratic time
	maxIndex    = 1 << 20 // of a constant index
	maxSteps    = 5_000_000
	maxMessage  = 200 // bytes of what a program says
)

// What Apply finds wrong with a document. None is a failure of the job.
var (
	ErrInput       = errors.New("no JSON document")           // no JSON, more than one value, duplicate names, not UTF-8, nested deeper than 256; NaN and Infinity are no JSON
	ErrNoResult    = errors.New("the program gave no result") // empty, or a select that did not hold
	ErrManyResults = errors.New("the program gave more than one result")
	ErrTimeout     = errors.New("the program worked too long") // past the limit of steps, or of time
	ErrTooLarge    = errors.New("too large")                   // the document, a number in it, or the result
	ErrResult      = errors.New("the result is no JSON")       // it has a NaN, an infinity or text that is not UTF-8
	ErrProgram     = errors.New("the program says")            // error(...), or what could not be done to the document
)

// Program is a compiled jq program. It is safe for concurrent use.
type Program struct {
	source   string
	machines sync.Pool // of *machine: gojq's code is not safe for concurrent use, see machine
}

// machine is a program's code with the budget that it runs under. Each call has
// one for itself, because del on a constant of the program ({"a":1} | del(.b))
// writes to the constant in gojq v0.12.20.
type machine struct {
	code    *gojq.Code
	budget  *budget
	decoder decoder
}

// Compile parses and compiles a jq program. It refuses what does not compile,
// what depends on anything but the document (now, env, input and their like),
// what writes or ends the process (debug, halt), modules, regular expressions
// that are not written out, and constant indices past 2^20.
func Compile(source string) (*Program, error) {
	m, err := newMachine(source)
	if err != nil {
		return nil, fmt.Errorf("compile jq program: %w", err)
	}
	p := &Program{source: source}
	p.machines.Put(m)
	return p, nil
}

func newMachine(source string) (*machine, error) {
	query, err := gojq.Parse(source)
	if err != nil {
		return nil, err
	}
	if err := check(query); err != nil {
		return nil, err
	}
	m := &machine{budget: &budget{}}
	m.code, err = gojq.Compile(query)
	return m, err
}

// String gives the source.
func (p *Program) String() string { return p.source }

// Apply runs the program on one JSON document and appends its one result, as
// JSON, to dst. Number literals that the program does not compute with are kept
// as they are written; arithmetic makes integers or floats of them. Members are
// sorted by name.
//
// An error that is one of this package's (errors.Is) is about the document; dst
// is then returned as it came. Any other is ctx's.
func (p *Program) Apply(ctx context.Context, dst, doc []byte) ([]byte, error) {
	m, err := p.machine()
	if err != nil {
		return dst, err
	}
	out, err := m.apply(ctx, dst, doc)
	p.machines.Put(m)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (p *Program) machine() (*machine, error) {
	if m, ok := p.machines.Get().(*machine); ok {
		return m, nil
	}
	return newMachine(p.source)
}

func (m *machine) apply(ctx context.Context, dst, doc []byte) (out []byte, err error) {
	value, err := m.decoder.decode(doc)
	if err != nil {
		return nil, err
	}
	m.budget.reset(ctx)
	defer m.budget.release()
	// gojq panics where it meets what its authors did not think of; a document
	// that finds such a place must not end the job.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s", ErrProgram, cut(fmt.Sprint("gojq panics: ", r)))
		}
	}()
	result, err := m.one(value)
	if err != nil {
		return nil, err
	}
	e := encoder{limit: len(dst) + MaxOutput}
	return e.append(dst, result, 0)
}

// one runs the program and returns its one result.
func (m *machine) one(value any) (any, error) {
	results := m.code.RunWithContext(m.budget, value)
	result, ok := results.Next()
	if err, bad := result.(error); bad {
		return nil, m.budget.explain(err)
	}
	if !ok {
		return nil, ErrNoResult
	}
	if second, ok := results.Next(); ok {
		if err, bad := second.(error); bad {
			return nil, m.budget.explain(err)
		}
		return nil, ErrManyResults
	}
	return result, nil
}
