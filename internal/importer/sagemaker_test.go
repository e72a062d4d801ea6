package importer

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

const captured = `{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"1,2\n","encoding":"CSV"},` +
	`"endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT","data":"{\"score\":0.50}","encoding":"JSON"}},` +
	`"eventMetadata":{"eventId":"both","inferenceId":"mine","customAttributes":["trace=7"],"inferenceTime":"2026-11-22T20:59:59Z"},"eventVersion":"0"}` + "\n"

func capturedHalf(id, side, data string) string {
	mode := map[string]string{"endpointInput": "INPUT", "endpointOutput": "OUTPUT"}[side]
	return `{"captureData":{"` + side + `":{"observedContentType":"application/octet-stream","mode":"` + mode + `","data":"` + data + `","encoding":"BASE64"}},` +
		`"eventMetadata":{"eventId":"` + id + `","inferenceTime":"2026-11-22T21:00:00Z"},"eventVersion":"0"}` + "\n"
}

// If this fails what an endpoint was asked is filed under another model, or a body
// is not what was sent.
func TestSageMaker(t *testing.T) {
	dir := files(t, map[string]string{
		"spam/blue/2026/11/22/20/59-59-1.jsonl": captured + capturedHalf("apart", "endpointOutput", "AP8="),
		"spam/blue/2026/11/22/21/00-00-1.jsonl": capturedHalf("apart", "endpointInput", "AAE=") +
			capturedHalf("no-answer", "endpointInput", "AAE=") + capturedHalf("no-request", "endpointOutput", "AAE="),
		"spam/green/2026/11/22/21/00-00-1.jsonl": capturedHalf("no-request", "endpointInput", "AAE="),
	})
	im := importAll(t, "sagemaker", dir, Options{})
	im.wantDrops(t, "no_request: line 3 of spam/blue/2026/11/22/21/00-00-1.jsonl")
	if im.Ledger.Recorded != 4 || im.Unanswered != 2 || im.Unnamed != 0 {
		t.Errorf("%+v", im.Result)
	}
	e := im.row(t, "both")
	if e.Model != "spam" || e.ModelVersion != "blue" || e.Request.Path != "/endpoints/spam/invocations" || string(e.Request.Body) != "1,2\n" ||
		string(e.Reference.Body) != `{"score":0.50}` || e.Reference.Status != 200 || e.Time.Time().Format("15:04:05") != "20:59:59" || e.Defect != "" {
		t.Errorf("%+v", e)
	}
	if h := string(e.Request.Headers); !strings.Contains(h, `["x-amzn-sagemaker-custom-attributes","trace=7"]`) || !strings.Contains(h, `["x-amzn-sagemaker-inference-id","mine"]`) {
		t.Error(h)
	}
	if e := im.row(t, "apart"); string(e.Request.Body) != "\x00\x01" || string(e.Reference.Body) != "\x00\xff" || e.Reference.LatencyUS != 0 {
		t.Errorf("%+v", e)
	}
	if e := im.row(t, "no-answer"); e.Defect != exchange.NoAnswer {
		t.Errorf("%+v", e)
	}
	one := importAll(t, "sagemaker", filepath.Join(dir, "spam", "blue", "2026", "11", "22", "20", "59-59-1.jsonl"), Options{})
	if e := one.row(t, "both"); e.Model != "spam" || e.ModelVersion != "blue" {
		t.Errorf("of the file alone: %+v", e)
	}
}

// If this fails lines of something else become exchanges, or end the import.
func TestSageMakerUnreadable(t *testing.T) {
	lines := []string{
		strings.Replace(captured, `"CSV"`, `"AVRO"`, 1), strings.Replace(captured, "2026-11", "yesterday", 1), "{}", `{"captureData":{}}`, "[1]", `{"captureData":`,
		capturedHalf("x", "endpointInput", "!"), strings.Replace(captured, `1,2`, `\ud800`, 1), strings.Replace(captured, `1,2`, "\xff", 1),
	}
	im := importAll(t, "sagemaker", filepath.Join(files(t, map[string]string{"f": strings.Join(lines, "\n") + captured}), "f"), Options{})
	im.wantDrops(t, `"AVRO"`, "inferenceTime", "captureData", "captureData", "array", "line 8", "base64", "surrogate", "UTF-8")
	if e := im.row(t, "both"); e.Model != exchange.UnknownModel || e.Request.Path != "/invocations" || im.Unnamed != 1 {
		t.Errorf("%+v", e)
	}
}

// If this fails a line can end an import with a panic.
func FuzzSageMaker(f *testing.F) {
	f.Add([]byte(captured))
	f.Add([]byte(capturedHalf("x", "endpointInput", "AAE=")))
	f.Add([]byte(strings.Replace(captured, `["trace=7"]`, `"trace=7"`, 1)))
	f.Fuzz(func(t *testing.T, line []byte) {
		ev, e, err := parseCaptured(line, "e", "v")
		if err == nil && (ev.Data == nil || e == nil) {
			t.Errorf("%q: no error and no exchange", line)
		}
	})
}
