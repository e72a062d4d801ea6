package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// BesideAnswers is what there is to say of both answers beside headers and
// bodies: what came, and when.
func BesideAnswers(e *exchange.Exchange) []Row {
	ref, cand := &e.Reference, &e.Candidate
	rows := []Row{
		twoTexts("status", statusText(ref), statusText(&cand.Answer)),
		twoTexts("type", ref.ContentType, cand.ContentType),
		twoTexts("bytes", fmt.Sprint(len(ref.Body)), fmt.Sprint(len(cand.Body))),
		twoTexts("first byte", milliseconds(ref.FirstByteUS), milliseconds(cand.FirstByteUS)),
		twoTexts("last byte", milliseconds(ref.LatencyUS), milliseconds(cand.LatencyUS)),
		twoTexts("recorded, sent", instant(e.Time), instant(cand.Sent)),
	}
	if late := cand.Sent - cand.Due; cand.Due != 0 && late >= 1000 {
		rows = append(rows, twoTexts("sent late by", "", milliseconds(int64(late))))
	}
	if rows[0].Reference.Text != rows[0].Candidate.Text {
		rows[0].Mark = Differs
	}
	if cand.Error != "" {
		rows = append(rows, twoTexts("error", "", cut(cand.Error, maxLiteral)))
		rows[len(rows)-1].Mark = Differs
	}
	return rows
}

// BesideHeaders sets the headers of both answers beside each other, by name.
// Those that differ are marked, though no rule is about them.
func BesideHeaders(e *exchange.Exchange) (rows []Row) {
	ref, cand := headersOf(&e.Reference), headersOf(&e.Candidate.Answer)
	names := maps.Clone(ref)
	maps.Copy(names, cand)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row := twoTexts(name, ref[name], cand[name])
		_, inRef := ref[name]
		_, inCand := cand[name]
		switch {
		case !inCand:
			row.Mark = ReferenceOnly
		case !inRef:
			row.Mark = CandidateOnly
		case ref[name] != cand[name]:
			row.Mark = Differs
		}
		row.Reference.Absent, row.Candidate.Absent = !inRef, !inCand
		rows = append(rows, row)
	}
	return rows
}

// twoTexts is a row of what is no part of a body; what is not known is absent.
func twoTexts(key, ref, cand string) Row {
	return Row{Key: key, Reference: Literal{ref, ref == ""}, Candidate: Literal{cand, cand == ""}}
}

// statusText is an answer's status and class of failure.
func statusText(a *exchange.Answer) string {
	switch {
	case a.Status == 0 && a.Failure == "":
		return "no answer"
	case a.Status == 0:
		return string(a.Failure)
	}
	return strings.TrimSpace(fmt.Sprint(a.Status) + " " + string(a.Failure))
}

// milliseconds of what may not be known.
func milliseconds(us int64) string {
	if us == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f ms", float64(us)/1000)
}

// instant is a time to the millisecond, in UTC; "" where it is not known.
func instant(t exchange.Timestamp) string {
	if t == 0 {
		return ""
	}
	return t.Time().Format("2006-01-02 15:04:05.000")
}

// headersOf is an answer's headers by name, repeated ones in one.
func headersOf(a *exchange.Answer) map[string]string {
	out := map[string]string{}
	fields, err := exchange.DecodeHeaders(a.Headers)
	if err != nil {
		out["(unreadable)"] = cut(err.Error(), maxLiteral)
	}
	for _, f := range fields {
		value := f.Value
		if before, ok := out[f.Name]; ok {
			value = before + ", " + value
		}
		out[f.Name] = cut(value, maxLiteral)
	}
	return out
}
