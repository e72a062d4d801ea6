package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// line shows that time is linear in the pairs and memory flat.
func (b *bench) line(ctx context.Context, dir string, pairs, repeats int) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "pairs\tset\tCPU s\tµs a pair\tpeak MB\t")
	for n := 10_000; n <= 10*pairs; n *= 10 {
		b.dir = filepath.Join(dir, fmt.Sprint(n))
		if err := b.generate(ctx, n); err != nil {
			return err
		}
		for _, s := range sets {
			var costs []cost
			for range repeats {
				found, c, err := b.ours(ctx, s.name)
				if err != nil {
					return err
				}
				if want := int64(n / mismatchEvery); found != want {
					return fmt.Errorf("%d pairs, %s: %d mismatches were found and %d made", n, s.name, found, want)
				}
				costs = append(costs, c)
			}
			m := median(costs)
			fmt.Fprintf(w, "%d\t%s\t%.2f\t%.2f\t%.0f\t\n", n, s.name, m.cpu, 1e6*m.cpu/float64(n), m.memory)
		}
		if err := os.RemoveAll(b.dir); err != nil {
			return err
		}
	}
	return w.Flush()
}
