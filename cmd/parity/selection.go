package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/exchange"
)

// selectionFlags are the flags that choose exchanges of a recording.
type selectionFlags struct {
	models, signatures   []string
	since, until, sample string
}

func (f *selectionFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.models, "model", nil, "only models that match this `GLOB`, or none that do with a ! before it; may be repeated")
	cmd.Flags().StringVar(&f.since, "since", "", "only exchanges from this `TIME` on (RFC 3339, or a date)")
	cmd.Flags().StringVar(&f.until, "until", "", "only exchanges before this `TIME`")
	cmd.Flags().StringVar(&f.sample, "sample", "", "only this share of the requests, by hash: the same ones each time, as in 10%")
	cmd.Flags().StringArrayVar(&f.signatures, "signature", nil, "of a mismatch set, only exchanges that differ so: path and kind, as show prints them; may be repeated")
}

func (f *selectionFlags) selection() (s exchange.Selection, err error) {
	s.Models, s.Signatures = f.models, f.signatures
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
