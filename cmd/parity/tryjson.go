package main

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/replay"
)

// triedJSON is what --try --json adds to an exchange as cat prints it.
type triedJSON struct {
	Sent         *sentJSON `json:"sent,omitempty"`   // left out where nothing was
	Mapped       *sentJSON `json:"mapped,omitempty"` // the candidate's answer; left out where it is compared as it came
	MappingError string    `json:"mapping_error,omitempty"`
	Verdict      string    `json:"verdict"`
	Reason       string    `json:"reason,omitempty"`
}

type sentJSON struct {
	URL         string `json:"url,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Body        string `json:"body,omitempty"`
	BodyBase64  []byte `json:"body_base64,omitempty"` // in place of body where that is no text
}

func newSentJSON(url, kind string, body []byte) *sentJSON {
	s := &sentJSON{URL: url, ContentType: kind}
	if utf8.Valid(body) {
		s.Body = string(body)
	} else {
		s.BodyBase64 = body
	}
	return s
}

// writeTriedJSON writes a line.
func writeTriedJSON(b *strings.Builder, opts replay.Options, answers mapping.Set, e *exchange.Exchange, t *replay.Tried, x *compare.Explanation) error {
	line, err := exchange.AppendLine(nil, e, exchange.RecordingSides|exchange.CandidateSide)
	if err != nil {
		return err
	}
	more := triedJSON{Verdict: string(x.Outcome), Reason: x.Reason}
	if e.Candidate.Sent != 0 {
		more.Sent = newSentJSON(sentTo(opts, e), t.Request.ContentType, t.Request.Body)
	}
	if e.Candidate.Failure == "" {
		switch mapped, err := compare.MapAnswer(answers, e.Model, &e.Candidate.Answer); {
		case err != nil:
			more.MappingError = err.Error()
		case mapped != &e.Candidate.Answer:
			more.Mapped = newSentJSON("", mapped.ContentType, mapped.Body)
		}
	}
	text, err := json.Marshal(more)
	if err != nil {
		return err
	}
	b.WriteString(strings.TrimSuffix(string(line), "}\n") + "," + string(text[1:]) + "\n")
	return nil
}
