package mapping

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// refused are the functions that a program may not call, and why. A program may
// not define functions of these names either: what is refused is read off the
// text, without resolving names.
var refused = map[string]string{
	"now": clock, "localtime": zone, "strflocaltime": zone,
	"env": environment, "$ENV": environment,
	"input": input, "inputs": input, "input_filename": input, "input_line_number": input,
	"debug": output, "stderr": output, "halt": output, "halt_error": output,
	"builtins": version, "modulemeta": modules, "get_search_list": modules,
	"$__loc__": version, "$__prog_args": environment,
}

const (
	clock       = "it depends on the clock"
	zone        = "it depends on the machine's time zone; gmtime and strftime are in UTC"
	environment = "it depends on the environment"
	input       = "a program has the one document only"
	output      = "it writes, or ends the process; error(\"why\") is for documents that can't be mapped"
	version     = "it depends on the version of jq"
	modules     = "there are no modules"
)

// flagsAt names the functions whose first argument is a regular expression, and
// says which argument its flags are. The split of one argument has none.
var flagsAt = map[string]int{"test": 1, "match": 1, "capture": 1, "scan": 1, "split": 1, "splits": 1, "sub": 2, "gsub": 2}

// zoneName finds %Z in a format of strptime, where gojq asks the machine's time
// zone what a name means.
var zoneName = regexp.MustCompile(`%[^%A-Za-z]*Z`)

// check refuses what a program may not hold.
func check(query *gojq.Query) error {
	return each(reflect.ValueOf(query), func(node any) error {
		switch n := node.(type) {
		case *gojq.Import:
			return fmt.Errorf("import is refused: %s", modules)
		case *gojq.FuncDef:
			return checkName(n.Name)
		case *gojq.Func:
			return checkCall(n)
		case *gojq.Index:
			return checkIndex(n)
		}
		return nil
	})
}

func checkName(name string) error {
	if why, ok := refused[name]; ok {
		return fmt.Errorf("%s is refused: %s", name, why)
	}
	return nil
}

func checkCall(f *gojq.Func) error {
	if err := checkName(f.Name); err != nil {
		return err
	}
	if f.Name == "strptime" && len(f.Args) == 1 {
		format, ok := literal(f.Args[0])
		if !ok || zoneName.MatchString(format) {
			return fmt.Errorf("%s is refused: its format must be written out and have no %%Z, which depends on the machine's time zone", f)
		}
	}
	if at, ok := flagsAt[f.Name]; ok && len(f.Args) > 0 && (f.Name != "split" || len(f.Args) == 2) {
		return checkPattern(f, at)
	}
	return nil
}

// checkPattern wants regular expression and flags to be written out: compiling
// one that a document chose may take 100 MB, and gojq keeps each one for ever.
func checkPattern(f *gojq.Func, flagsAt int) error {
	pattern, ok := literal(f.Args[0])
	if !ok {
		return fmt.Errorf("%s is refused: the regular expression must be written out in the program, as a string", f)
	}
	if _, err := regexp.Compile(pattern); err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	if flagsAt >= len(f.Args) || f.Args[flagsAt].String() == "null" {
		return nil
	}
	if flags, ok := literal(f.Args[flagsAt]); !ok || strings.Trim(flags, "gim") != "" {
		return fmt.Errorf("%s is refused: the flags must be written out, of g, i and m", f)
	}
	return nil
}

func checkIndex(x *gojq.Index) error {
	if x.Start == nil || x.IsSlice || x.Start.Term == nil || x.Start.Term.Type != gojq.TermTypeNumber {
		return nil
	}
	if i, err := strconv.ParseFloat(x.Start.Term.Number, 64); err != nil || i > maxIndex {
		return fmt.Errorf("index %s is refused: it is over %d", x.Start, maxIndex)
	}
	return nil
}

// literal gives the text of a string without interpolation.
func literal(q *gojq.Query) (string, bool) {
	if q.Term == nil || q.Term.Type != gojq.TermTypeString || q.Term.Str.Queries != nil || len(q.Term.SuffixList) > 0 {
		return "", false
	}
	return q.Term.Str.Str, true
}

// each calls f for every node of a syntax tree, the inner ones first. Reflection
// instead of a case for each of the 20 types, so that none is forgotten.
func each(v reflect.Value, f func(node any) error) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		for i := range v.Elem().NumField() {
			if err := each(v.Elem().Field(i), f); err != nil {
				return err
			}
		}
		return f(v.Interface())
	case reflect.Slice:
		for i := range v.Len() {
			if err := each(v.Index(i), f); err != nil {
				return err
			}
		}
	}
	return nil
}
