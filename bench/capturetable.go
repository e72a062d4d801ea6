package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// What `parity capture` must keep to (issue 6).
const (
	mostCPU       = 1.2  // times a bare ReverseProxy's, at saturation
	mostAddedP50  = 1.5  // times what nginx adds, at mustRate
	mostAddedP99  = 1500 // µs, at mustRate
	mostCaptureMB = 128  // MiB
	mustRate      = 2000 // requests a second
)

// table is what all contenders did under one load.
type table struct {
	rate int
	rows []figures
	by   map[string]*figures
}

// figures are medians.
type figures struct {
	name                            string
	rate, cpu, busy, memory         float64
	p50, p99                        float64 // µs
	addedP50, addedP99, relativeP50 float64 // over direct; the last to what nginx adds
	relativeCPU                     float64 // to the bare ReverseProxy
	dropped                         int64   // in all rounds together
}

func newTable(rate int, all []turns) *table {
	t := &table{rate: rate, by: map[string]*figures{}}
	for _, c := range all {
		f := figures{
			name: c.name,
			rate: c.middle(func(m *measured) float64 { return float64(m.Answered) / m.Took.Seconds() }),
			cpu:  c.middle(func(m *measured) float64 { return m.cpu }), busy: c.middle(func(m *measured) float64 { return m.busy }),
			memory: c.middle(func(m *measured) float64 { return m.memory }),
			p50:    c.middle(func(m *measured) float64 { return float64(m.P50.Nanoseconds()) / 1e3 }),
			p99:    c.middle(func(m *measured) float64 { return float64(m.P99.Nanoseconds()) / 1e3 }),
		}
		for _, m := range c.measured {
			f.dropped += m.dropped
		}
		t.rows = append(t.rows, f)
	}
	for i := range t.rows {
		t.by[t.rows[i].name] = &t.rows[i]
	}
	t.relate()
	return t
}

// relate works out what is said beside others, where these were measured.
func (t *table) relate() {
	direct, bare, nginx := t.by[directName], t.by[bareName], t.by[nginxName]
	for i := range t.rows {
		f := &t.rows[i]
		if bare != nil {
			f.relativeCPU = f.cpu / bare.cpu
		}
		if direct != nil {
			f.addedP50, f.addedP99 = f.p50-direct.p50, f.p99-direct.p99
		}
		if direct != nil && nginx != nil {
			f.relativeP50 = f.addedP50 / (nginx.p50 - direct.p50)
		}
	}
}

func (t *table) print(out io.Writer) error {
	title := fmt.Sprintf("at %d requests a second, open loop", t.rate)
	if t.rate == 0 {
		title = "at saturation, closed loop"
	}
	fmt.Fprintf(out, "\n%d connections, %s\n", loadConnections, title)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "contender\trequests/s\tCPU µs each\tto bare's\tcore busy\tpeak MiB\tp50 µs\tp99 µs\tadded p50\tto nginx's\tadded p99\tdropped\t\n")
	for _, f := range t.rows {
		if f.name == directName {
			fmt.Fprintf(w, "%s\t%.0f\t\t\t\t\t%.0f\t%.0f\t\t\t\t\t\n", f.name, f.rate, f.p50, f.p99)
			continue
		}
		dropped := ""
		if f.name == captureName {
			dropped = fmt.Sprint(f.dropped)
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%.2f\t%.0f %%\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t%s\t\n",
			f.name, f.rate, f.cpu, f.relativeCPU, 100*f.busy, f.memory, f.p50, f.p99, f.addedP50, f.relativeP50, f.addedP99, dropped)
	}
	return w.Flush()
}

// missed lists the musts that do not hold. At saturation some may be dropped:
// what is served first is served at the recorder's expense.
func (t *table) missed() []string {
	f := t.by[captureName]
	if f == nil {
		return nil
	}
	say := func(miss bool, format string, args ...any) string {
		if !miss {
			return ""
		}
		return fmt.Sprintf(format, args...)
	}
	all := []string{
		say(f.memory > mostCaptureMB, "%.0f MiB at rate %d, and may take %d", f.memory, t.rate, mostCaptureMB),
		say(t.rate == 0 && f.relativeCPU > mostCPU, "%.2f times the CPU of a bare ReverseProxy, and may take %.1f", f.relativeCPU, mostCPU),
		say(t.rate == mustRate && f.relativeP50 > mostAddedP50, "adds %.2f times nginx's median, and may add %.1f", f.relativeP50, mostAddedP50),
		say(t.rate == mustRate && f.addedP99 > mostAddedP99, "adds %.0f µs to the p99, and may add %d", f.addedP99, mostAddedP99),
		say(t.rate > 0 && f.dropped > 0, "%d dropped at %d a second", f.dropped, t.rate),
	}
	return slices.DeleteFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" })
}
