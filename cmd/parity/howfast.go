package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/replay"
)

// defaultAbortAfter stops a replay whose token has expired.
const defaultAbortAfter = 0.5

// howFastFlags say when requests are sent, and when they are sent again. Those
// that are not given are the config's.
type howFastFlags struct {
	concurrency, rate, pace, abortAfter string
	timeout                             time.Duration
	retries, warm                       int
}

func (f *howFastFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.concurrency, "concurrency", "", "requests in flight at a time, or auto: as many as each endpoint takes (default 16)")
	cmd.Flags().StringVar(&f.rate, "rate", "", "send at most this many requests a second, as in 50 or 50/s (default: as fast as it goes)")
	cmd.Flags().StringVar(&f.pace, "pace", "max", "max, or original: in the order and with the gaps of the recording; 2x: twice as fast as that")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "for one request (default 1m; 70s with sagemaker://)")
	cmd.Flags().IntVar(&f.retries, "retries", -1, "attempts after the first where an endpoint is throttled, not ready or unreachable")
	cmd.Flags().Lookup("retries").DefValue = strconv.Itoa(replay.DefaultRetries) // what -1, the config's, is without one
	cmd.Flags().IntVar(&f.warm, "warm", 0, "requests that each endpoint gets first, whose answers are dropped")
	cmd.Flags().StringVar(&f.abortAfter, "abort-after", "50%", "stop when more than this share of the last 1,000 requests failed in one way; 100% never does")
}

// apply has the flags win over what the config said.
func (f *howFastFlags) apply(o *replay.Options) (err error) {
	if f.concurrency != "" {
		var c config.Concurrency
		if err := c.UnmarshalText([]byte(f.concurrency)); err != nil {
			return fmt.Errorf("--concurrency %w", err)
		}
		adaptive := o.Adaptive
		if o.Adaptive = c == config.Auto; !o.Adaptive {
			o.Concurrency = int(c)
		} else if !adaptive {
			o.Concurrency = replay.DefaultAdaptive
		}
	}
	if o.Rate, err = parseRate(f.rate); err != nil {
		return err
	}
	if o.Speed, err = parsePace(f.pace); err != nil {
		return err
	}
	if f.timeout != 0 {
		o.Timeout = f.timeout
	}
	if f.retries < -1 {
		return fmt.Errorf("--retries %d: must be at least 1, or 0 for none", f.retries)
	}
	if f.retries >= 0 {
		o.Retries = f.retries
	}
	o.Warm, o.AbortAfter = f.warm, defaultAbortAfter
	if f.abortAfter != "" {
		if o.AbortAfter, err = parseShare(f.abortAfter); err != nil {
			return fmt.Errorf("--abort-after %q: %w", f.abortAfter, err)
		}
	}
	return nil
}

func parseRate(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	var r config.Rate
	if err := r.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("--rate %w", err)
	}
	return float64(r), nil
}

// parsePace is how much faster than the recording; 0 is as fast as it goes.
func parsePace(text string) (float64, error) {
	switch text {
	case "", "max":
		return 0, nil
	case "original":
		return 1, nil
	}
	number, times := strings.CutSuffix(text, "x")
	speed, err := strconv.ParseFloat(number, 64)
	if err != nil || !times || !(speed > 0) || speed > 1e6 {
		return 0, fmt.Errorf("--pace %q: write max, original, or a multiple of the original as in 2x or 0.5x", text)
	}
	return speed, nil
}

// shareRates gives a sharded worker its share.
func shareRates(o *replay.Options, shard dataset.Shard) {
	if shard.Count < 2 {
		return
	}
	o.Rate /= float64(shard.Count)
	for glob := range o.ModelRates {
		o.ModelRates[glob] /= float64(shard.Count)
	}
}
