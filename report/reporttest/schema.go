// Package reporttest holds summaries against their schema. Only tests import it.
package reporttest

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are those that were compiled, by their files.
var schemas sync.Map

// Validate fails the test where Check finds something.
func Validate(t testing.TB, file string, summary []byte) {
	t.Helper()
	if err := Check(file, summary); err != nil {
		t.Errorf("a summary is not as %s says, where a new field needs an entry (see TestSchemaNamesEveryField): %v", file, err)
	}
}

// Check says where a summary, as JSON, is not as the schema says that lies in the
// file, or has a field that the schema does not name. (The schema itself allows
// such: whoever reads summaries must bear with fields of a later version.)
func Check(file string, summary []byte) error {
	schema, ok := schemas.Load(file)
	if !ok {
		compiled, err := compile(file)
		if err != nil {
			return err
		}
		schema, _ = schemas.LoadOrStore(file, compiled)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(summary))
	if err != nil {
		return fmt.Errorf("the summary is no JSON: %w", err)
	}
	return schema.(*jsonschema.Schema).Validate(value)
}

func compile(file string) (*jsonschema.Schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	closeObjects(document)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(file, document); err != nil {
		return nil, err
	}
	return c.Compile(file)
}

// closeObjects makes every object refuse what it has no property for. One without
// properties is a map, or somebody else's.
func closeObjects(schema any) {
	object, ok := schema.(map[string]any)
	if !ok {
		return
	}
	if _, ok := object["properties"]; ok && object["type"] == "object" {
		object["additionalProperties"] = false
	}
	for _, member := range object {
		closeObjects(member)
	}
}
