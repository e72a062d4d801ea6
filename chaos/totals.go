package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// totals is what the table at the end shows.
type totals struct {
	mu     sync.Mutex
	rounds int
	kills  int
	faults map[string]int // by kind

	asked, answered    int // by clients of the sidecar
	whileDown          int // requests that found no sidecar
	recorded, dropped  int // exchanges: counted by the recording's ledger
	lostInCrash        int
	planned, sent      int
	judged, mismatched int
	lost, duplicated   int // what was answered and neither recorded nor counted, or twice: each ends the run
	quiet, faulty      []time.Duration
	flips, flipsTold   map[string]int // by kind of object
}

func newTotals() *totals {
	return &totals{faults: map[string]int{}, flips: map[string]int{}, flipsTold: map[string]int{}}
}

func (t *totals) fault(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kind == "kill -9" {
		t.kills++
	}
	t.faults[kind]++
}

// flipped counts a bit that was flipped, and whether that was told.
func (t *totals) flipped(kind string, told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flips[kind]++
	if told {
		t.flipsTold[kind]++
	}
}

// others counts faults that are no kills.
func (t *totals) others() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.faults {
		n += k
	}
	return n - t.kills
}

func (t *totals) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(what string, n any) { fmt.Fprintf(w, "%s\t%v\n", what, n) }
	row("rounds", t.rounds)
	for _, kind := range slices.Sorted(maps.Keys(t.faults)) {
		row("  "+kind, t.faults[kind])
	}
	row("requests of clients", t.asked)
	row("  answered, all of them rightly", t.answered)
	row("  failed while the sidecar was down", t.whileDown)
	row("answered, then", "")
	row("  recorded, each once", t.recorded)
	row("  counted as dropped", t.dropped)
	row("  counted as lost in a crash", t.lostInCrash)
	row("  lost, and counted nowhere", t.lost)
	row("  recorded twice", t.duplicated)
	row("planned, each with one result", t.planned)
	row("requests that the endpoints got for them", t.sent)
	row("judged, each once", t.judged)
	row("  in the mismatch set, each that differs once", t.mismatched)
	row("latency p50, p99, quiet", percentiles(t.quiet))
	row("latency p50, p99, with faults", percentiles(t.faulty))
	for _, kind := range slices.Sorted(maps.Keys(t.flips)) {
		row("bits flipped in a "+kind, fmt.Sprintf("%d, %d of them told of, none changes what is said", t.flips[kind], t.flipsTold[kind]))
	}
	w.Flush()
}

func percentiles(d []time.Duration) string {
	if len(d) == 0 {
		return "-"
	}
	d = slices.Sorted(slices.Values(d))
	return fmt.Sprintf("%v, %v", d[len(d)/2].Round(time.Microsecond), d[len(d)*99/100].Round(time.Microsecond))
}
