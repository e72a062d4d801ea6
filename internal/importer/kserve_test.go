package importer

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// newKServe, arrowKServe and oldKServe are the shapes that KServe's logger has
// written, without the columns that nothing is made of.
type newKServe struct {
	Bytes            string `parquet:"bytes"`
	ContentType      string `parquet:"contentType"`
	ReqType          string `parquet:"reqType"`
	ID               string `parquet:"id"`
	InferenceService string `parquet:"inferenceService"`
	Namespace        string `parquet:"namespace"`
	Component        string `parquet:"component"`
	Endpoint         string `parquet:"endpoint"`
	Metadata         string `parquet:"metadata"`
	TLSSkipVerify    bool   `parquet:"tlsSkipVerify"`
}

type arrowKServe struct {
	Bytes            []byte              `parquet:"bytes,optional,snappy"`
	ContentType      *string             `parquet:"content_type,optional"`
	ReqType          *string             `parquet:"req_type,optional"`
	ID               *string             `parquet:"id,optional"`
	InferenceService *string             `parquet:"inference_service,optional"`
	Metadata         map[string][]string `parquet:"metadata,optional" parquet-value:",list"`
}

type oldKServe struct {
	Bytes            []int32 `parquet:"bytes,list"`
	ContentType      *string `parquet:"content_type,optional"`
	ReqType          *string `parquet:"req_type,optional"`
	ID               *string `parquet:"id,optional"`
	InferenceService *string `parquet:"inference_service,optional"`
}

const (
	kserveRequest  = "org.kubeflow.serving.inference.request"
	kserveResponse = "org.kubeflow.serving.inference.response"
)

func kserveFile[T any](t testing.TB, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func newRow(id, kind, body string) newKServe {
	return newKServe{
		Bytes: base64.StdEncoding.EncodeToString([]byte(body)), ContentType: "application/json", ReqType: kind, ID: id,
		InferenceService: "spam", Namespace: "prod", Component: "predictor", Metadata: `{"X-Tenant":["a","b"],"Authorization":["secret"]}`,
	}
}

func ref(s string) *string { return &s }

// If this fails bodies of some version of KServe are not what was sent, or halves
// in different objects never meet.
func TestKServe(t *testing.T) {
	transformed := newRow("1", kserveRequest, "raw")
	transformed.Component = "transformer"
	bad, none := newRow("bad", kserveRequest, ""), newRow("", kserveRequest, "no id")
	bad.Bytes = "!"
	dir := files(t, map[string]string{
		"prod/spam/a.parquet": kserveFile(t, newRow("1", kserveRequest, `{"a":"\x00"}`), bad, newRow("x", "something", ""), none),
		"prod/spam/b.parquet": kserveFile(t, newRow("stray", kserveResponse, "x"), newRow("1", kserveResponse, "ok\xff"), transformed),
		"arrow.parquet": kserveFile(t,
			arrowKServe{[]byte("q"), ref("text/plain"), ref(kserveRequest), ref("arrow"), ref("m"), map[string][]string{"X-A": {"1", "2"}, "X-B": {"3"}}},
			arrowKServe{[]byte("\x00\xff"), nil, ref(kserveResponse), ref("arrow"), ref("m"), nil}),
		"old.parquet": kserveFile(t,
			oldKServe{[]int32{104, 105}, ref("text/plain"), ref(kserveRequest), ref("old"), ref("m")},
			oldKServe{[]int32{0, 255}, ref("text/plain"), ref(kserveResponse), ref("old"), ref("m")}),
		"other.parquet": kserveFile(t, struct{ A int }{1}),
		"empty.parquet": "", "text.parquet": "PAR1 this is none PAR1",
	})
	for _, window := range []int{0, 1} {
		im := importAll(t, "kserve", dir, Options{WindowBytes: window})
		im.wantDrops(t, "row 1 of empty.parquet", `no column "id"`, "not base64", "neither a request", "row 1 of text.parquet", "no_request: row 1 of prod/spam/b.parquet")
		if im.Ledger.Recorded != 5 || im.Unanswered != 2 {
			t.Errorf("%+v", im.Result)
		}
		for id, want := range map[string]string{"arrow": "q\x00\xff", "old": "hi\x00\xff"} {
			if e := im.row(t, id); string(e.Request.Body)+string(e.Reference.Body) != want || e.Model != "m" || e.Reference.Status != 200 {
				t.Errorf("%s: %+v", id, e)
			}
		}
		if h := string(im.row(t, "arrow").Request.Headers); h != `[["content-type","text/plain"],["x-a","1"],["x-a","2"],["x-b","3"]]` {
			t.Error(h)
		}
		for _, e := range im.rows {
			if e.Request.SourceID == "1" && (e.Model == "spam") != (string(e.Reference.Body) == "ok\xff" && string(e.Request.Body) == `{"a":"\x00"}`) {
				t.Errorf("%+v", e)
			}
			info, err := os.Stat(filepath.Join(dir, "arrow.parquet"))
			if err != nil || e.Time.Time().Sub(info.ModTime()).Abs().Hours() > 1 || strings.Contains(string(e.Request.Headers), "secret") {
				t.Errorf("%+v, %v", e, err)
			}
		}
	}
}

// If this fails damage in one object of a thousand ends an import, or the process.
func TestKServeDamage(t *testing.T) {
	var rows []newKServe
	for i := range 50 {
		rows = append(rows, newRow(fmt.Sprint(i), kserveRequest, strings.Repeat("x", 100)))
	}
	whole := []byte(kserveFile(t, rows...))
	for at := 0; at < len(whole); at += 13 {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		err := eachKServeRow(t.Context(), bytes.NewReader(damaged), int64(len(damaged)), func(row kserveRow) error {
			row.half()
			return nil
		})
		var parquetErr errParquet
		if err != nil && !errors.As(err, &parquetErr) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
}

// If this fails a row can end an import with a panic.
func FuzzKServe(f *testing.F) {
	f.Add(kserveRequest, "id", "spam", "predictor", `{"A":["b"]}`)
	f.Add(kserveResponse, "", "", "transformer", "")
	f.Fuzz(func(t *testing.T, kind, id, service, component, metadata string) {
		file := kserveFile(t, newKServe{ReqType: kind, ID: id, InferenceService: service, Component: component, Metadata: metadata, Bytes: id})
		err := eachKServeRow(t.Context(), strings.NewReader(file), int64(len(file)), func(row kserveRow) error {
			if h, err := row.half(); err == nil && h.answer == (h.e.Reference.Status == 0) {
				t.Errorf("%+v", h.e)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
