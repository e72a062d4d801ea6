package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/exchange"
)

// selectionFlags are the flags that choose exchanges of a recording.
type selectionFlags struct {
	models, versions, statuses, ids, signatures []string
	since, until, sample, idsFile               string
	maxRequests                                 int64
}

// selectionNames are these flags' names.
var selectionNames = []string{"model", "version", "since", "until", "sample", "status", "id", "ids", "signature", "max-requests"}

func (f *selectionFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.models, "model", nil, "only models that match this `GLOB`, or none that do with a ! before it; may be repeated")
	cmd.Flags().StringArrayVar(&f.versions, "version", nil, "only answers of model versions that match this `GLOB`, or none that do with a ! before it; may be repeated")
	cmd.Flags().StringVar(&f.since, "since", "", "only exchanges from this `TIME` on (RFC 3339, or a date)")
	cmd.Flags().StringVar(&f.until, "until", "", "only exchanges before this `TIME`")
	cmd.Flags().StringVar(&f.sample, "sample", "", "only this share of the requests, by hash: the same ones each time, as in 10%")
	cmd.Flags().StringArrayVar(&f.statuses, "status", nil, "only exchanges with this recorded `STATUS`, as in 200, 2xx or 500-599, or without it with a ! before it; may be repeated")
	cmd.Flags().StringArrayVar(&f.ids, "id", nil, "only the exchange with this `ID`, its own or its source's; may be repeated")
	cmd.Flags().StringVar(&f.idsFile, "ids", "", "only the exchanges whose ids are in this `FILE`, one a line; - is stdin")
	cmd.Flags().Int64Var(&f.maxRequests, "max-requests", 0, "plan at most `N` exchanges of these: those with the lowest request hashes, which is a sample of all models")
	cmd.Flags().StringArrayVar(&f.signatures, "signature", nil, "of a mismatch set, only exchanges that differ so: path and kind, as show prints them; may be repeated")
}

// selection reads the flags, and stdin where they say so.
func (f *selectionFlags) selection(stdin io.Reader) (s exchange.Selection, err error) {
	s.Models, s.Versions, s.Statuses, s.Signatures, s.MaxRequests = f.models, f.versions, f.statuses, f.signatures, f.maxRequests
	if s.IDs, err = f.allIDs(stdin); err != nil {
		return s, err
	}
	if s.Since, err = parseTime("--since", f.since); err != nil {
		return s, err
	}
	if s.Until, err = parseTime("--until", f.until); err != nil {
		return s, err
	}
	if f.sample != "" {
		if s.Sample, err = parseShare(f.sample); err != nil {
			return s, fmt.Errorf("--sample %q: %w", f.sample, err)
		}
	}
	return s, s.Validate()
}

// allIDs are those of both flags, sorted, each once.
func (f *selectionFlags) allIDs(stdin io.Reader) ([]string, error) {
	ids := slices.Clone(f.ids)
	if f.idsFile != "" {
		from := stdin
		if f.idsFile != "-" {
			file, err := os.Open(f.idsFile)
			if err != nil {
				return nil, fmt.Errorf("--ids: %w", err)
			}
			defer file.Close()
			from = file
		}
		lines := bufio.NewScanner(from)
		for lines.Scan() && len(ids) <= exchange.MaxIDs { // one more is refused
			if line := strings.TrimSpace(lines.Text()); line != "" {
				ids = append(ids, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("--ids %s: %w", f.idsFile, err)
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("--ids %s: no id is in it: write one a line", f.idsFile)
		}
	}
	if len(ids) > exchange.MaxIDs {
		return ids, nil // Validate refuses so many
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func parseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q: write 2026-11-22 or 2026-11-22T20:00:00Z", flag, text)
}

func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("write a share as in 10%% or 0.1")
	}
	return share, nil
}
