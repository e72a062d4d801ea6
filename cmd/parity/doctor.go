package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/telemetry"
)

func (a *app) doctorCommand() *cobra.Command {
	var target, statsd string
	cmd := &cobra.Command{
		Use:   "doctor [STORE]",
		Short: "Check store, credentials, target, clock, DogStatsD and config, and say what to do",
		Long: `Check what Parity needs of its surroundings before a night depends on it: that the
config parses and the environment has what its targets' headers want, that the STORE
can be read and written and creates objects only if they are absent, whose the AWS
credentials are and when they end, that a target resolves, connects, proves who it is
and answers GET /ping, that the clocks agree, and that somebody accepts metrics.

Each line has a sign: = is well, ~ is worth knowing, ! is wrong, - was not asked for.
What is wrong is followed by what to do, and makes the exit code 2. No secret is
printed. No recorded request is sent.`,
		Example: `  parity doctor
  parity doctor s3://bucket/recording --target https://new.example
  parity doctor runs --config parity.yaml   # all targets of the config
  parity doctor --statsd unix:///var/run/datadog/dsd.socket`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.doctor(cmd.Context(), strings.Join(args, ""), target, statsd)
		},
	}
	cmd.Flags().StringVar(&target, "target", "", "the `URL` of an endpoint, or a target's name in the config (default: all of the config)")
	cmd.Flags().StringVar(&statsd, "statsd", "", "the DogStatsD `ADDR` (default: $DD_DOGSTATSD_URL or $DD_AGENT_HOST)")
	return cmd
}

// examination is what the doctor has found so far.
type examination struct {
	*app
	text  strings.Builder
	wrong int
}

// The signs of a finding.
const (
	fine    = "="
	notable = "~"
	wrong   = "!"
	unasked = "-"
)

// find writes one finding, and below what to do about it.
func (x *examination) find(sign, what, found, todo string) {
	if sign == wrong {
		x.wrong++
	}
	const width = 12
	for i, line := range wrapped(found, screenWidth-width-2) {
		if i > 0 {
			sign, what = "", ""
		}
		x.text.WriteString(strings.TrimRight(text.Pad(sign, 2, ' ')+text.Pad(what, width, ' ')+line, " ") + "\n")
	}
	if todo == "" {
		return
	}
	mark := "→ "
	for _, line := range wrapped(todo, screenWidth-width-4) {
		x.text.WriteString(strings.Repeat(" ", width+2) + mark + line + "\n")
		mark = "  "
	}
}

// wrapped are the lines of a text, printable, and none longer than the width.
func wrapped(s string, width int) (all []string) {
	for line := range strings.Lines(s) {
		line = printable(strings.TrimRight(strings.ReplaceAll(line, "\t", "  "), "\r\n"))
		for part := range strings.SplitSeq(text.WrapSoft(line, width), "\n") {
			all = append(all, strings.TrimRight(part, " "))
		}
	}
	return all
}

func (a *app) doctor(ctx context.Context, place, target, statsd string) error {
	x := &examination{app: a}
	cfg, read := x.config()
	x.store(ctx, place)
	x.targets(ctx, cfg, read, target)
	x.statsd(statsd)
	if _, err := fmt.Fprint(a.stdout, x.text.String()); err != nil {
		return err
	}
	if x.wrong > 0 {
		return fmt.Errorf("doctor: %d of these are wrong", x.wrong)
	}
	return ctx.Err()
}

// config reads the file, and looks for what its targets' headers want. It says
// whether it could be read.
func (x *examination) config() (_ config.Config, read bool) {
	if x.configPath == "" {
		x.find(unasked, "config", "none named: all defaults; --config FILE checks one", "")
		return config.Config{}, true
	}
	cfg, err := x.app.config()
	if err != nil {
		x.find(wrong, "config", err.Error(), "correct the file; README.md has one that is whole")
		return cfg, false
	}
	x.find(fine, "config", fmt.Sprintf("%s parses: %d targets, %d general rules, %d globs of models", x.configPath, len(cfg.Targets), len(cfg.Compare.Paths), len(cfg.Compare.Models)), "")
	for _, name := range slices.Sorted(maps.Keys(cfg.Targets)) {
		if _, err := cfg.Targets[name].Header(x.getenv); err != nil {
			x.find(wrong, "config", fmt.Sprintf("target %s: %v", name, err), "export it where parity runs, as from the secret store of CI")
		}
		if _, err := x.endpointNames(cfg.Targets[name]); err != nil {
			x.find(wrong, "config", fmt.Sprintf("target %s: %v", name, err), "")
		}
	}
	return cfg, true
}

func (x *examination) store(ctx context.Context, place string) {
	if place == "" {
		x.find(unasked, "store", "none named: `parity doctor STORE` checks one", "")
		return
	}
	d, err := store.Diagnose(ctx, place)
	if err != nil {
		x.find(wrong, "store", err.Error(), "")
		return
	}
	if d.Credentials != "" {
		x.credentials(d)
	}
	where := d.Place
	if abs, err := store.Absolute(place); err == nil && !sameLocation(d.Place, abs) {
		where += ", above " + abs + ", which is not there yet,"
	}
	switch {
	case d.Read != nil:
		x.find(wrong, "store", d.Read.Error(), "nothing can be read there; the reason says what is missing")
	case d.Write != nil:
		x.find(wrong, "store", where+" can be read, and nothing can be created: "+d.Write.Error(), "reading is all that ls, cat, show, report and serve need; everything else writes")
	default:
		x.find(fine, "store", where+" can be read and written, and creates objects only if they are absent", "")
	}
	if d.HasSkew {
		x.clock("the store's", d.Skew)
	}
}

func (x *examination) credentials(d store.Diagnosis) {
	left := time.Until(d.Expires)
	switch {
	case d.Expires.IsZero():
		x.find(fine, "credentials", "from "+d.Credentials+"; they don't expire", "")
	case left <= 0:
		x.find(wrong, "credentials", fmt.Sprintf("from %s; they expired at %s", d.Credentials, d.Expires.UTC().Format(time.DateTime)), "renew them, as with aws sso login")
	case left < time.Hour:
		x.find(notable, "credentials", fmt.Sprintf("from %s; they expire in %s", d.Credentials, left.Round(time.Minute)), "a run that takes longer fails then, unless their source renews them")
	default:
		x.find(fine, "credentials", fmt.Sprintf("from %s; they expire in %s", d.Credentials, left.Round(time.Minute)), "")
	}
}

// How far two clocks may be apart: times of a recording and of a run are set
// beside each other, and S3 refuses requests of another time.
const (
	clockNotable = 5 * time.Second
	clockWrong   = time.Minute
)

// clock says how far a server's clock is ahead of this machine's.
func (x *examination) clock(whose string, ahead time.Duration) {
	ahead = ahead.Round(time.Second)
	found := fmt.Sprintf("%s is %s ahead of this machine's", whose, ahead)
	if ahead < 0 {
		found = fmt.Sprintf("%s is %s behind this machine's", whose, -ahead)
	}
	switch off := max(ahead, -ahead); {
	case off >= clockWrong:
		x.find(wrong, "clock", found, "set the clock that is wrong, as by chrony or systemd-timesyncd: times of a run would mean nothing, and S3 refuses requests of another time")
	case off >= clockNotable:
		x.find(notable, "clock", found, "")
	default:
		x.find(fine, "clock", whose+" and this machine's agree", "")
	}
}

func (x *examination) statsd(addr string) {
	where, err := telemetry.CheckStatsd(addr)
	switch {
	case where == "":
		x.find(unasked, "dogstatsd", "neither --statsd nor DD_DOGSTATSD_URL nor DD_AGENT_HOST is set: no metrics are sent", "")
	case err != nil:
		x.find(wrong, "dogstatsd", where+": "+err.Error(), "start the agent with DogStatsD on, correct the address, or mount its socket into this container")
	case strings.HasPrefix(where, "unix"), strings.HasPrefix(where, "/"):
		x.find(fine, "dogstatsd", where+" accepts metrics", "")
	default:
		x.find(notable, "dogstatsd", where+": nothing says that nobody listens, and UDP can't say more", "a Unix socket would: unix:///var/run/datadog/dsd.socket")
	}
}

// targets checks the one that is named, or all of the config.
func (x *examination) targets(ctx context.Context, cfg config.Config, read bool, name string) {
	if !read && !strings.Contains(name, "://") {
		x.find(unasked, "target", "the config, which names them, can't be read", "")
		return
	}
	all := slices.Sorted(maps.Keys(cfg.Targets))
	if name != "" {
		all = []string{name}
	}
	if len(all) == 0 {
		x.find(unasked, "target", "none named: --target URL checks one", "")
	}
	for _, name := range all {
		t, ok := cfg.Targets[name]
		if !ok {
			t.URL = name
			if !strings.Contains(name, "://") {
				x.find(wrong, "target", fmt.Sprintf("%s is neither a URL nor a target of the config (it has %s)", name, someKeys(cfg.Targets)), "")
				continue
			}
			name = ""
		}
		header, err := t.Header(x.getenv)
		if err != nil {
			continue // the config's finding
		}
		x.target(ctx, name, t, header)
	}
}
