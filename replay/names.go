package replay

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// ReadNames reads a table of endpoints by model: a line of CSV each, model and
// endpoint, with or without a header line that says just that. A line that says
// anything else is an error with its number.
func ReadNames(r io.Reader) (map[string]string, error) {
	text := bufio.NewReader(r)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" { // as spreadsheets write it
		_, _ = text.Discard(len(mark))
	}
	lines := csv.NewReader(text)
	lines.FieldsPerRecord = 2
	names, at := map[string]string{}, map[string]int{}
	for first := true; ; first = false {
		fields, err := lines.Read()
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			if wrong := new(csv.ParseError); errors.As(err, &wrong) && errors.Is(wrong.Err, csv.ErrFieldCount) {
				return nil, fmt.Errorf("line %d: has %d fields, and model,endpoint are two", wrong.Line, len(fields))
			}
			return nil, err
		}
		line, _ := lines.FieldPos(0)
		model, endpoint := fields[0], fields[1]
		if first && model == "model" && endpoint == "endpoint" {
			continue
		}
		switch {
		case model == "":
			return nil, fmt.Errorf("line %d: it has no model", line)
		case at[model] > 0:
			return nil, fmt.Errorf("line %d: model %q has an endpoint already, in line %d", line, model, at[model])
		case !endpointName.MatchString(endpoint):
			return nil, fmt.Errorf("line %d: endpoint %q of model %q: a name has %s", line, endpoint, model, endpointNameForm)
		}
		names[model], at[model] = endpoint, line
	}
}
