// Package mapping runs jq programs over JSON documents: the mapping of a
// request to what a new endpoint wants, and of an answer to what is compared.
//
// Programs are the user's own configuration; documents come from outside. A
// program is compiled once and says the same of the same document everywhere:
// what depends on the clock, the environment or other input is refused, and a
// call is stopped after a number of steps, at the same place on every machine.
//
// What remains possible: gojq can't be interrupted within one built-in function
// and has no limit of memory. Steps and time are looked at when the function is
// done, and a process that runs out of memory is killed. So a document can make
// these costly, if the program has them:
//   - an index or a count from the document: .[.i] = 1 takes up to 8 GiB,
//     .s * .n up to 2 GiB;
//   - transpose, where one row is long and the others are many: 6 GiB for 100 kB;
//   - gsub, scan, splits and match with the flag g: quadratic in the text where
//     matches are many, 4 s for 64 KiB and a minute for 256 KiB;
//   - indices, subtraction and contains on long arrays: the product of both
//     lengths, 4 s to look for 5,000 numbers within 10,000;
//   - tonumber on long text: seconds, and 2 GiB allocated, for 1 MiB.
//
// Documents over 1 MiB are refused, which bounds the rest.
//
// What differs from the jq command: members come out sorted by name; NaN and
// infinities are errors instead of null and 1.797e308; text that is not UTF-8
// is an error; a regular expression must be written out in the program, and is
// of Go's kind (RE2). Functions such as exp may differ in the last bit between
// kinds of processors, as everywhere in Go.
package mapping

import (
	"cmp"
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
	source string
	place  string // in the config, if it is one of a Set's
	query  *gojq.Query
	// codes are of *compiled. Each call has one for itself, because del on a
	// constant of the program ({"a":1} | del(.b)) writes to the constant in gojq
	// v0.12.20.
	codes sync.Pool
}

// compiled is what a call works with.
type compiled struct {
	whole *gojq.Code
	parts map[string]*gojq.Code // of a tracer
}

// Compile parses and compiles a jq program. It refuses what does not compile,
// what depends on anything but the document (now, env, input and their like),
// what writes or ends the process (debug, halt), modules, regular expressions
// that are not written out, and constant indices past 2^20.
func Compile(source string) (*Program, error) {
	query, err := parse(source)
	if err != nil {
		return nil, fmt.Errorf("compile jq program: %w", err)
	}
	p := &Program{source: source, query: query}
	code, err := p.compile()
	if err != nil {
		return nil, fmt.Errorf("compile jq program: %w", err)
	}
	p.codes.Put(code)
	return p, nil
}

func parse(source string) (*gojq.Query, error) {
	query, err := gojq.Parse(source)
	if err != nil {
		return nil, err
	}
	return query, check(query)
}

func (p *Program) compile() (*compiled, error) {
	code, err := gojq.Compile(p.query)
	return &compiled{code, map[string]*gojq.Code{}}, err
}

// String gives the source.
func (p *Program) String() string { return p.source }

// Apply runs the program on one JSON document and appends its one result, as
// JSON, to dst. Number literals that the program does not compute with are kept
// as they are written; arithmetic makes integers or floats of them. Members are
// sorted by name.
//
// An error that is one of this package's (errors.Is) is about the document; dst
// is then returned as it came. Where the program fails on a value it says at which
// path of the document. Any other is ctx's.
func (p *Program) Apply(ctx context.Context, dst, doc []byte) ([]byte, error) {
	var out []byte
	err := p.with(ctx, doc, func(code *gojq.Code, b *budget, value any) (err error) {
		out, err = run(code, b, dst, value)
		return err
	})
	if err != nil {
		return dst, err
	}
	return out, nil
}

// ApplyAll runs the program on one JSON document and returns all its results, as
// Apply writes the one; none is no error. Together they are at most MaxOutput.
func (p *Program) ApplyAll(ctx context.Context, doc []byte) (results [][]byte, err error) {
	err = p.with(ctx, doc, func(code *gojq.Code, b *budget, value any) (err error) {
		results, err = all(code, b, value)
		return err
	})
	return results, err
}

// Explain adds to an error of a body that could not be mapped which program that
// was, by its place in the config, and what body, where no path tells: its media
// type and its size in bytes as it came.
func (p *Program) Explain(err error, mediaType string, size int) error {
	if p.place != "" {
		err = fmt.Errorf("%s: %w", p.place, err)
	}
	if errors.Is(err, ErrProgram) {
		return err
	}
	return fmt.Errorf("%w (of %s, %d bytes)", err, cut(cmp.Or(mediaType, "no type")), size)
}

// with calls fn with the document's value, and code that nobody else runs. Where
// the program fails it says on what.
func (p *Program) with(ctx context.Context, doc []byte, fn func(code *gojq.Code, b *budget, value any) error) error {
	value, err := decode(doc)
	if err != nil {
		return err
	}
	code, ok := p.codes.Get().(*compiled)
	if !ok {
		if code, err = p.compile(); err != nil {
			return err
		}
	}
	defer p.codes.Put(code)
	b := newBudget(ctx)
	if err = guarded(func() error { return fn(code.whole, b, value) }); errors.Is(err, ErrProgram) {
		t := tracer{parts: code.parts, budget: b, said: err.Error()}
		return fmt.Errorf("at %s: %w", t.where(p.query, value), err)
	}
	return err
}

// guarded calls fn. gojq panics where it meets what its authors did not think of; a
// document that finds such a place must not end the job.
func guarded(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s", ErrProgram, cut(fmt.Sprint("gojq panics: ", r)))
		}
	}()
	return fn()
}

// run appends what the program makes of a value.
func run(code *gojq.Code, b *budget, dst []byte, value any) (out []byte, err error) {
	result, err := one(code, b, value)
	if err != nil {
		return nil, err
	}
	e := encoder{limit: len(dst) + MaxOutput}
	return e.append(dst, result, 0)
}

// all runs the program and returns its results as JSON.
func all(code *gojq.Code, b *budget, value any) (list [][]byte, err error) {
	e := encoder{limit: MaxOutput}
	var out []byte
	for results := code.RunWithContext(b, value); ; {
		result, ok := results.Next()
		if !ok {
			return list, nil
		}
		if err, bad := result.(error); bad {
			return nil, b.explain(err)
		}
		begin := len(out)
		if out, err = e.append(out, result, 0); err != nil {
			return nil, err
		}
		list = append(list, out[begin:len(out):len(out)])
	}
}

// one runs the program and returns its one result.
func one(code *gojq.Code, b *budget, value any) (any, error) {
	results := code.RunWithContext(b, value)
	result, ok := results.Next()
	if !ok {
		return nil, ErrNoResult
	}
	if err, bad := result.(error); bad {
		return nil, b.explain(err)
	}
	second, ok := results.Next()
	if !ok {
		return result, nil
	}
	if err, bad := second.(error); bad {
		return nil, b.explain(err)
	}
	return nil, ErrManyResults
}
