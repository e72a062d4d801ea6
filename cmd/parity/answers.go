package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// answerRows is what there is to say of both answers beside headers and bodies.
func answerRows(e *exchange.Exchange) []gridRow {
	ref, cand := &e.Reference, &e.Candidate
	rows := []gridRow{
		{place: "status", ref: statusText(ref), cand: statusText(&cand.Answer)},
		{place: "type", ref: ref.ContentType, cand: cand.ContentType},
		{place: "bytes", ref: fmt.Sprint(len(ref.Body)), cand: fmt.Sprint(len(cand.Body))},
		{place: "first byte", ref: milliseconds(ref.FirstByteUS), cand: milliseconds(cand.FirstByteUS)},
		{place: "last byte", ref: milliseconds(ref.LatencyUS), cand: milliseconds(cand.LatencyUS)},
		{place: "recorded, sent", ref: instant(e.Time), cand: instant(cand.Sent)},
	}
	if late := cand.Sent - cand.Due; cand.Due != 0 && late >= 1000 {
		rows = append(rows, gridRow{place: "sent late by", cand: milliseconds(int64(late))})
	}
	if cand.Error != "" {
		rows = append(rows, gridRow{sign: "!", place: "error", cand: cand.Error})
	}
	if rows[0].ref != rows[0].cand {
		rows[0].sign = "!"
	}
	return rows
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

// headerRows sets the headers of both answers beside each other, by name. Those
// that differ are marked, though no rule is about them.
func headerRows(e *exchange.Exchange) (rows []gridRow) {
	ref, cand := headersOf(&e.Reference), headersOf(&e.Candidate.Answer)
	names := maps.Clone(ref)
	maps.Copy(names, cand)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row := gridRow{place: name, ref: ref[name], cand: cand[name]}
		_, inRef := ref[name]
		_, inCand := cand[name]
		switch {
		case !inCand:
			row.sign = "<"
		case !inRef:
			row.sign = ">"
		case row.ref != row.cand:
			row.sign = "!"
		}
		rows = append(rows, row)
	}
	return rows
}

// headersOf is an answer's headers by name, repeated ones in one.
func headersOf(a *exchange.Answer) map[string]string {
	out := map[string]string{}
	fields, err := exchange.DecodeHeaders(a.Headers)
	if err != nil {
		out["(unreadable)"] = err.Error()
	}
	for _, f := range fields {
		if before, ok := out[f.Name]; ok {
			f.Value = before + ", " + f.Value
		}
		out[f.Name] = f.Value
	}
	return out
}
