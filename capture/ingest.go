package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// ingest takes exchanges from services that record themselves: lines of the jsonl
// import format, and the CloudEvents of KServe's logger (see pairs). Nobody's
// answer hangs on it, so where the recorder is behind it says so, and waits for no
// one.
type ingest struct {
	sidecar *Sidecar
	pairs   *pairs
	mux     *http.ServeMux
}

func newIngest(s *Sidecar) *ingest {
	in := &ingest{sidecar: s, pairs: newPairs(s), mux: http.NewServeMux()}
	in.mux.HandleFunc("POST /v1/exchanges", in.lines)
	in.mux.HandleFunc("POST /", in.pairs.event)
	return in
}

// taken is the answer to lines: what became of them. What came after Lines of them
// was not looked at, and is to be sent again.
type taken struct {
	Lines      int64    `json:"lines"`
	Recorded   int64    `json:"recorded"`
	Unreadable int64    `json:"unreadable"`
	Errors     []string `json:"errors,omitempty"` // of the first unreadable ones
	Error      string   `json:"error,omitempty"`  // why the rest was not looked at
}

const maxErrors = 10

// errBehind says that the recorder has no room.
var errBehind = errors.New("the recorder is behind: send the lines from here on again later")

func (in *ingest) lines(w http.ResponseWriter, r *http.Request) {
	var t taken
	status := http.StatusOK
	body, err := decoded(r)
	if err == nil {
		err = in.eachLine(body, &t)
	}
	if err != nil {
		status, t.Error = http.StatusBadRequest, err.Error()
		if errors.Is(err, errBehind) {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(t)
}

// decoded is the request's body without gzip.
func decoded(r *http.Request) (io.Reader, error) {
	switch coding := r.Header.Get("Content-Encoding"); coding {
	case "", "identity":
		return r.Body, nil
	case "gzip":
		return gzip.NewReader(r.Body)
	default:
		return nil, fmt.Errorf("content encoding %q: send gzip, or none", coding)
	}
}

// eachLine records the lines until one can't be read from the connection, or there
// is no room for it.
func (in *ingest) eachLine(body io.Reader, t *taken) error {
	most := 3*in.sidecar.opt.MaxBody + maxHeadBytes // two bodies at the limit, as base64
	for br := bufio.NewReaderSize(body, 64<<10); ; {
		line, err := readLine(br, most)
		if err != nil && err != io.EOF {
			return fmt.Errorf("after line %d: %w", t.Lines, err)
		}
		if line := bytes.TrimSpace(line); len(line) > 0 {
			if err := in.line(line, t); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

func readLine(br *bufio.Reader, most int64) (line []byte, err error) {
	for {
		part, err := br.ReadSlice('\n')
		line = append(line, part...)
		if int64(len(line)) > most {
			return nil, fmt.Errorf("a line is longer than %d bytes", most)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

func (in *ingest) line(text []byte, t *taken) error {
	e, err := exchange.ParseLine(text)
	if err == nil {
		err = in.tooLarge(e)
	}
	if err != nil {
		t.Lines, t.Unreadable = t.Lines+1, t.Unreadable+1
		if len(t.Errors) < maxErrors {
			t.Errors = append(t.Errors, fmt.Sprintf("line %d: %v", t.Lines, err))
		}
		in.sidecar.ledger.drop(unreadable)
		return nil
	}
	if !in.sidecar.queue.offer(recordOf(e)) {
		return errBehind
	}
	t.Lines, t.Recorded = t.Lines+1, t.Recorded+1
	return nil
}

// recordOf is a record with what rules look at.
func recordOf(e *exchange.Exchange) *record {
	r := &record{given: e, arrival: e.Time.Time(), method: e.Request.Method, uri: e.Request.Path, request: copied{data: e.Request.Body}}
	r.header = http.Header{}
	fields, _ := exchange.DecodeHeaders(e.Request.Headers) // ParseLine wrote them
	for _, f := range fields {
		r.header.Add(f.Name, f.Value)
	}
	return r
}

func (in *ingest) tooLarge(e *exchange.Exchange) error {
	if n := int64(max(len(e.Request.Body), len(e.Reference.Body))); n > in.sidecar.opt.MaxBody {
		return fmt.Errorf("a body of %d bytes is over the recording limit of %d", n, in.sidecar.opt.MaxBody)
	}
	return nil
}

// given is the row of an exchange that was recorded by somebody else. Its id is
// this recorder's, as any sender may make up one.
func (b *builder) givenRow(r *record) *exchange.Exchange {
	e := r.given
	e.ID = exchange.NewID(time.UnixMicro(int64(e.Time)))
	if e.Model == exchange.UnknownModel {
		e.Model = b.models.pick(b.model, r, exchange.UnknownModel)
	} else {
		e.Model = b.models.known(exchange.Clean(e.Model), exchange.UnknownModel)
	}
	if e.ModelVersion == "" {
		e.ModelVersion = b.versions.pick(b.version, r, "")
	} else {
		e.ModelVersion = b.versions.known(exchange.Clean(e.ModelVersion), "")
	}
	return e
}
