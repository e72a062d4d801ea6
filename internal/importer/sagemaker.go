package importer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/modelparity/parity/internal/exchange"
)

// capturedEvent is a line of SageMaker's Data Capture (Developer Guide, "Capture
// data from real-time endpoint").
type capturedEvent struct {
	Data *struct {
		Input  *capturedSide `json:"endpointInput"`
		Output *capturedSide `json:"endpointOutput"`
	} `json:"captureData"`
	Meta struct {
		EventID     string         `json:"eventId"`
		InferenceID string         `json:"inferenceId"`
		Custom      jsontext.Value `json:"customAttributes"` // a string, or several
		Time        string         `json:"inferenceTime"`
	} `json:"eventMetadata"`
}

type capturedSide struct {
	ContentType string `json:"observedContentType"`
	Data        string `json:"data"`
	Encoding    string `json:"encoding"` // CSV and JSON: text as it is; BASE64 of whatever else
}

// captureLayout is where Data Capture puts its files: endpoint/variant/yyyy/mm/dd/hh.
var captureLayout = regexp.MustCompile(`([^/]+)/([^/]+)/\d{4}/\d{2}/\d{2}/\d{2}/[^/]+$`)

// readSageMaker reads lines of Data Capture. An endpoint may capture just one side,
// or both on lines of their own, which share an eventId. The model is the endpoint,
// its version the variant, where the file's path says them.
func readSageMaker(ctx context.Context, f *file, s *sink) error {
	var endpoint, variant string
	if m := captureLayout.FindStringSubmatch(f.path); m != nil {
		endpoint, variant = m[1], m[2]
	}
	return eachLine(ctx, f, s, func(line []byte, p place, _ int64) error {
		ev, e, err := parseCaptured(line, endpoint, variant)
		if err != nil {
			s.drop(p, Unreadable, err)
			return nil
		}
		in, out := ev.Data.Input != nil, ev.Data.Output != nil
		key := strings.Join([]string{endpoint, variant, ev.Meta.EventID}, "/")
		switch {
		case in && out:
			return s.add(p, e)
		case ev.Meta.EventID == "":
			return s.pairs.alone(&half{answer: out, place: p, e: e})
		}
		return s.pairs.put(&half{key: key, answer: out, place: p, e: e})
	})
}

func parseCaptured(line []byte, endpoint, variant string) (ev capturedEvent, e *exchange.Exchange, err error) {
	if err := json.Unmarshal(line, &ev); err != nil { // strict: text that can't be kept is an error
		return ev, nil, err
	}
	if ev.Data == nil || ev.Data.Input == nil && ev.Data.Output == nil {
		return ev, nil, errors.New(`no endpointInput and no endpointOutput in "captureData"`)
	}
	t, err := time.Parse(time.RFC3339Nano, ev.Meta.Time)
	if err != nil {
		return ev, nil, fmt.Errorf("inferenceTime %q is not RFC 3339", ev.Meta.Time)
	}
	e = &exchange.Exchange{Time: exchange.At(t), Model: endpoint, ModelVersion: variant}
	if in := ev.Data.Input; in != nil {
		r := &e.Request
		r.SourceID, r.Method, r.Path, r.ContentType = ev.Meta.EventID, http.MethodPost, invocationsPath(endpoint), in.ContentType
		r.Headers = exchange.EncodeHeaders(ev.headers())
		if r.Body, err = in.body(); err != nil {
			return ev, nil, fmt.Errorf("endpointInput: %w", err)
		}
	}
	if out := ev.Data.Output; out != nil {
		a := &e.Reference
		a.Status, a.ContentType, a.Headers = http.StatusOK, out.ContentType, exchange.EncodeHeaders(contentType(out.ContentType))
		if a.Body, err = out.body(); err != nil {
			return ev, nil, fmt.Errorf("endpointOutput: %w", err)
		}
	}
	if ev.Data.Input == nil {
		e.Time = 0 // it is the request's, once more: nothing follows from it
	}
	return ev, e, nil
}

// invocationsPath is where an endpoint is invoked, and a container where nothing
// says the endpoint.
func invocationsPath(endpoint string) string {
	if endpoint == "" {
		return "/invocations"
	}
	return "/endpoints/" + endpoint + "/invocations"
}

// headers are those of the request that the event tells of.
func (ev *capturedEvent) headers() http.Header {
	h := contentType(ev.Data.Input.ContentType)
	if id := ev.Meta.InferenceID; id != "" {
		h.Set("X-Amzn-SageMaker-Inference-Id", id)
	}
	var one string
	var several []string
	if json.Unmarshal(ev.Meta.Custom, &one) == nil && one != "" {
		several = []string{one}
	} else {
		json.Unmarshal(ev.Meta.Custom, &several) // anything else is none
	}
	if len(several) > 0 {
		h.Set("X-Amzn-SageMaker-Custom-Attributes", strings.Join(several, ","))
	}
	return h
}

func contentType(s string) http.Header {
	h := http.Header{}
	if s != "" {
		h.Set("Content-Type", s)
	}
	return h
}

func (c *capturedSide) body() ([]byte, error) {
	switch strings.ToUpper(c.Encoding) {
	case "BASE64":
		body, err := base64.StdEncoding.DecodeString(c.Data)
		if err != nil {
			return nil, fmt.Errorf("its data is not base64: %w", err)
		}
		return body, nil
	case "CSV", "JSON", "":
		return []byte(c.Data), nil
	}
	return nil, fmt.Errorf("encoding %q is none of CSV, JSON and BASE64", c.Encoding)
}
