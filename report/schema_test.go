package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/report/reporttest"
)

const schemaFile = "summary.schema.json"

// property is what a schema says of a value, as far as ours does.
type property struct {
	Type                 string
	Description          string
	Format               string
	Ref                  string `json:"$ref"`
	Items                *property
	AdditionalProperties *property
	Properties           map[string]*property
	Required             []string
}

// wholeSchema is the file.
type wholeSchema struct {
	property
	Defs map[string]*property `json:"$defs"`
}

func readSchema(t *testing.T) (s wholeSchema) {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// defined are the types that the schema defines, and what it calls them.
var defined = map[reflect.Type]string{
	reflect.TypeFor[Info]():             "info",
	reflect.TypeFor[Ledger]():           "ledger",
	reflect.TypeFor[Model]():            "model",
	reflect.TypeFor[compare.Recheck]():  "recheck",
	reflect.TypeFor[Unjudged]():         "unjudged",
	reflect.TypeFor[Decision]():         "decision",
	reflect.TypeFor[ConfusionCell]():    "confusion",
	reflect.TypeFor[Version]():          "version",
	reflect.TypeFor[Excess]():           "excess",
	reflect.TypeFor[Signature]():        "signature",
	reflect.TypeFor[Sizes]():            "sizes",
	reflect.TypeFor[Bucket]():           "bucket",
	reflect.TypeFor[compare.Exemplar](): "exemplar",
	reflect.TypeFor[Latency]():          "latency",
	reflect.TypeFor[Moment]():           "moment",
	reflect.TypeFor[Family]():           "family",
	reflect.TypeFor[Coverage]():         "coverage",
	reflect.TypeFor[Covered]():          "covered",
	reflect.TypeFor[Bound]():            "bound",
	reflect.TypeFor[Ratio]():            "ratio",
	reflect.TypeFor[Accepted]():         "accepted",
	reflect.TypeFor[Changes]():          "changes",
	reflect.TypeFor[Change]():           "change",
}

// Scripts are written by the schema: a field that it does not name, or names and
// is not there, is a promise that nobody made or kept.
func TestSchemaNamesEveryField(t *testing.T) {
	s := readSchema(t)
	checkFields(t, "the summary", reflect.TypeFor[Summary](), &s.property)
	for typ, name := range defined {
		if s.Defs[name] == nil {
			t.Errorf("%s has no $defs/%s for %s", schemaFile, name, typ)
			continue
		}
		checkFields(t, "$defs/"+name, typ, s.Defs[name])
	}
	if len(s.Defs) != len(defined) {
		t.Errorf("%s defines %d types, and there are %d", schemaFile, len(s.Defs), len(defined))
	}
}

// checkFields holds a struct's fields against an object's properties.
func checkFields(t *testing.T, where string, typ reflect.Type, object *property) {
	t.Helper()
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous || name == "-" {
			continue
		}
		known[name] = true
		want, p := schemaKind(t, f.Type), object.Properties[name]
		switch {
		case p == nil:
			t.Errorf("%s in %s has no %q (%s.%s): add its line, %q with a description, and `make golden` writes docs/json.md",
				where, schemaFile, name, typ, f.Name, want)
		case p.kind() != want:
			t.Errorf("%s: %q is %s and has to be %s", where, name, p.kind(), want)
		case p.Description == "":
			t.Errorf("%s: %q has no description", where, name)
		case slices.Contains(object.Required, name) == strings.Contains(options, "omit"):
			t.Errorf("%s: %q is required, or not, otherwise than %s.%s", where, name, typ, f.Name)
		}
	}
	for name := range object.Properties {
		if !known[name] {
			t.Errorf("%s has %q, and %s has not", where, name, typ)
		}
	}
}

// schemaKind is what a schema says of values of a type.
func schemaKind(t *testing.T, typ reflect.Type) string {
	t.Helper()
	switch typ {
	case reflect.TypeFor[time.Time]():
		return "string date-time"
	case reflect.TypeFor[Date]():
		return "string date"
	case reflect.TypeFor[exchange.ID]():
		return "string uuid"
	case reflect.TypeFor[json.RawMessage]():
		return "object"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return schemaKind(t, typ.Elem())
	case reflect.Struct:
		if defined[typ] == "" {
			t.Fatalf("%s is new: give it an entry in `defined` and in $defs of %s", typ, schemaFile)
		}
		return "#/$defs/" + defined[typ]
	case reflect.Slice:
		return "array of " + schemaKind(t, typ.Elem())
	case reflect.Map:
		return "map of " + schemaKind(t, typ.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.Int, reflect.Int64:
		return "integer"
	}
	t.Fatalf("%s has no place in a schema", typ)
	return ""
}

// kind is the same of a property.
func (p *property) kind() string {
	switch {
	case p.Ref != "":
		return p.Ref
	case p.Items != nil:
		return "array of " + p.Items.kind()
	case p.AdditionalProperties != nil:
		return "map of " + p.AdditionalProperties.kind()
	}
	return strings.TrimSpace(p.Type + " " + p.Format)
}

// Whoever writes a script reads docs/json.md: its tables have to say what the
// schema says. -update writes them.
func TestSchemaDocsGolden(t *testing.T) {
	file := filepath.Join("..", "docs", "json.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- fields: written by `make golden` from report/summary.schema.json -->\n", "<!-- end of fields -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the fields", file)
	}
	want := []byte(before + begin + fieldTables(t) + end + after)
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(want, text) {
		t.Errorf("%s is not what %s says: run `make golden`", file, schemaFile)
	}
}

// fieldTables are the schema as Markdown, in the order of the Go fields.
func fieldTables(t *testing.T) string {
	s := readSchema(t)
	var b strings.Builder
	fieldTable(&b, "The summary", reflect.TypeFor[Summary](), &s.property)
	types := slices.SortedFunc(func(yield func(reflect.Type) bool) {
		for typ := range defined {
			if !yield(typ) {
				return
			}
		}
	}, func(a, b reflect.Type) int { return strings.Compare(defined[a], defined[b]) })
	for _, typ := range types {
		if def := s.Defs[defined[typ]]; def != nil {
			fieldTable(&b, defined[typ], typ, def)
		}
	}
	return b.String()
}

func fieldTable(b *strings.Builder, name string, typ reflect.Type, object *property) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", name, object.Description)
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := object.Properties[name]
		if p == nil {
			continue
		}
		kind := strings.NewReplacer("#/$defs/", "", "array of", "list of", "string date-time", "time", "string date", "day", "string uuid", "id").Replace(p.kind())
		if !slices.Contains(object.Required, name) {
			kind += ", or left out"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, kind, strings.ReplaceAll(p.Description, "|", `\|`))
	}
}

// A schema that says nothing would let everything pass.
func TestSchemaRefuses(t *testing.T) {
	good := string(jsonText(t, summarise(t, sample(), sampleGate())))
	for from, to := range map[string]string{
		`"format": "parity.summary/2"`: `"format": "parity.summary/1"`,
		`"verdict": "FAIL"`:            `"verdict": "MAYBE"`,
		`"requests": 5200,`:            ``,
		`"upper": 0.0652982092`:        `"upper": "6%"`,
		`"judgement": "3f2a9c"`:        `"judgement": "3f2a9c", "unheard_of": 1`,
		`"from": 0.0001`:               `"from": -0.0001`,
	} {
		bad := strings.Replace(good, from, to, 1)
		if bad == good {
			t.Errorf("%s is not there", from)
			continue
		}
		if reporttest.Check(schemaFile, []byte(bad)) == nil {
			t.Errorf("with %s in the place of %s it is held valid", to, from)
		}
	}
}
