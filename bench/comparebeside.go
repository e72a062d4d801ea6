package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"text/tabwriter"
)

// contender does the whole job one way, for one set.
type contender struct {
	set, name string
	run       func(context.Context) (mismatches int64, c cost, err error)
	costs     []cost
}

// besideDuckDB measures all contenders by turns, so that what else the machine
// does hits all of them, and prints the medians.
func (b *bench) besideDuckDB(ctx context.Context, pairs, repeats int) error {
	if err := b.merge(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(b.path("decision.yaml"), []byte("compare: { decision: \"$.label\" }\n"), 0o644); err != nil {
		return err
	}
	all := b.contenders()
	for i := range repeats {
		log.Printf("measuring, %d of %d", i+1, repeats)
		for j := range all {
			c := &all[j]
			n, cost, err := c.run(ctx)
			if err != nil {
				return err
			}
			if want := int64(pairs / mismatchEvery); n != want {
				return fmt.Errorf("%s, %s: %d mismatches were found and %d made: the comparison is void", c.set, c.name, n, want)
			}
			c.costs = append(c.costs, cost)
		}
	}
	return printTable(all)
}

func (b *bench) contenders() []contender {
	var all []contender
	for _, s := range sets {
		add := func(name string, run func(context.Context) (int64, cost, error)) {
			all = append(all, contender{set: s.name, name: name, run: run})
		}
		sql := func(how, suffix string) func(context.Context) (int64, cost, error) {
			return func(ctx context.Context) (int64, cost, error) {
				return b.duckdb(ctx, how, b.path("recording"+suffix), b.path(s.name+suffix, "results"))
			}
		}
		add("parity compare", func(ctx context.Context) (int64, cost, error) { return b.ours(ctx, s.name) })
		add("parity compare, with a decision", func(ctx context.Context) (int64, cost, error) {
			return b.ours(ctx, s.name, "--config", b.path("decision.yaml"))
		})
		add("DuckDB, schema known, text first", sql("text", ""))
		add("DuckDB, schema known", sql("schema", ""))
		add("DuckDB, text first, two files of its own", sql("text", mergedSuffix))
		add("DuckDB, schema known, two files of its own", sql("schema", mergedSuffix))
		add("DuckDB, a path at a time", sql("paths", ""))
	}
	return all
}

const mergedSuffix = "-merged"

// merge has DuckDB copy each dataset into one file in the layout that suits it
// best: row groups of its own size, without our checksums.
func (b *bench) merge(ctx context.Context) error {
	log.Print("copying the datasets into files of DuckDB's own")
	folders := map[string]string{"recording": "recording" + mergedSuffix}
	for _, s := range sets {
		folders[s.name+"/results"] = s.name + mergedSuffix + "/results"
	}
	for from, to := range folders {
		if err := os.MkdirAll(b.path(to), 0o755); err != nil {
			return err
		}
		if _, _, err := measure(ctx, nil, "node", b.script, "merge", b.path(from), "-", b.path(to, "all.parquet")); err != nil {
			return err
		}
	}
	return nil
}

// printTable prints each set's contenders; ratios are ours to theirs.
func printTable(all []contender) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "set\tcontender\tCPU s\tpeak MB\tours/its CPU\tours/its memory\t")
	var ours cost
	for _, c := range all {
		m := median(c.costs)
		if c.set != "" && c.name == all[0].name {
			ours = m
		}
		fmt.Fprintf(w, "%s\t%s\t%.2f\t%.0f\t%.2f\t%.2f\t\n", c.set, c.name, m.cpu, m.memory, ours.cpu/m.cpu, ours.memory/m.memory)
	}
	return w.Flush()
}
