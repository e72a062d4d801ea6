package importer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/exchange"
)

// kserveRow is a row of what KServe's logger writes as Parquet: a request, or an
// answer. Its columns have had three shapes so far (github.com/kserve/kserve,
// pkg/logger/marshaller/parquet.go twice, pkg/logger/marshaller_record.go): names
// with underscores or in camel case; bytes as a list of numbers, as they are, or in
// base64; metadata, which are headers, as a map or as JSON.
type kserveRow struct {
	texts    map[string]string // by column, in lower case and without underscores
	body     []byte
	metadata http.Header
	err      error
}

// kserveColumn is what a leaf column holds.
type kserveColumn struct {
	name string
	text bool // a string, or bytes in base64
	path string
}

func kserveColumns(schema *parquet.Schema) (columns []kserveColumn) {
	for _, path := range schema.Columns() {
		leaf, _ := schema.Lookup(path...)
		columns = append(columns, kserveColumn{
			name: strings.ReplaceAll(strings.ToLower(path[0]), "_", ""),
			text: leaf.Node.Type().String() == parquet.String().Type().String(),
			path: strings.Join(path[1:], "."),
		})
	}
	return columns
}

func makeKServeRow(values parquet.Row, columns []kserveColumn) kserveRow {
	row := kserveRow{texts: map[string]string{}, metadata: http.Header{}}
	var keys []string // of the map: its column comes first
	key := -1
	for _, v := range values {
		c := columns[v.Column()]
		inMap := c.name == "metadata" && c.path != ""
		if inMap && !strings.HasSuffix(c.path, "key") && v.RepetitionLevel() < 2 {
			key++ // its first value
		}
		switch {
		case v.IsNull():
		case inMap && strings.HasSuffix(c.path, "key"):
			keys = append(keys, v.String())
		case inMap && key < len(keys):
			row.metadata.Add(keys[key], v.String())
		case c.name == "bytes" && v.Kind() == parquet.Int32:
			row.body = append(row.body, byte(v.Int32()))
		case c.name == "bytes" && c.text:
			row.body, row.err = base64.StdEncoding.AppendDecode(nil, v.ByteArray())
		case v.Kind() == parquet.ByteArray && c.name == "bytes":
			row.body = append(row.body, v.ByteArray()...)
		case v.Kind() == parquet.ByteArray && c.path == "":
			row.texts[c.name] = string(v.ByteArray())
		}
	}
	return row
}

// half makes half an exchange of the row.
func (row kserveRow) half() (*half, error) {
	if row.err != nil {
		return nil, fmt.Errorf("its bytes are not base64: %w", row.err)
	}
	t := row.texts
	h := &half{
		key: strings.Join([]string{t["namespace"], t["inferenceservice"], t["component"], t["id"]}, "/"),
		e:   &exchange.Exchange{Model: t["inferenceservice"], ModelVersion: t["endpoint"], Request: exchange.Request{SourceID: t["id"]}},
	}
	if c := t["component"]; c != "" && c != "predictor" { // a transformer is asked what no predictor is
		h.e.Model += "-" + c
	}
	if text := t["metadata"]; text != "" {
		if err := json.Unmarshal([]byte(text), &row.metadata); err != nil {
			return nil, fmt.Errorf("its metadata: %w", err)
		}
	}
	header := contentType(t["contenttype"])
	switch {
	case strings.HasSuffix(t["reqtype"], ".request"):
		for name, values := range row.metadata {
			header[http.CanonicalHeaderKey(name)] = values
		}
		r := &h.e.Request
		r.Method, r.Path, r.ContentType, r.Headers, r.Body = http.MethodPost, "/", t["contenttype"], exchange.EncodeHeaders(header), row.body
	case strings.HasSuffix(t["reqtype"], ".response"):
		h.answer = true
		a := &h.e.Reference // nothing but a 200 is logged
		a.Status, a.ContentType, a.Headers, a.Body = http.StatusOK, t["contenttype"], exchange.EncodeHeaders(header), row.body
	case t["reqtype"] == "":
		return nil, errors.New("it has no type")
	default:
		return nil, fmt.Errorf("its type %.100q is neither a request's nor a response's", t["reqtype"])
	}
	return h, nil
}
