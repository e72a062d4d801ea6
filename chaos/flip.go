package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// target is a kind of object to flip bits in: where it lies, and what reads it.
type target struct {
	kind, pattern string
	fresh         bool // judge anew: what is judged is not read again
	read          []string
}

var targets = []target{
	{"recording", "store/recording/*/*/*.parquet", true, []string{"cat", "store/recording"}},
	{"run.json", "store/run/run.json", true, nil},
	{"plan", "store/run/plan.parquet", true, nil},
	{"result", "store/run/results/g0/*.parquet", true, []string{"cat", "store/run"}},
	{"judgement", "store/run/judgements/*/judgement.json", false, nil},
	{"mismatch set", "store/run/judgements/*/mismatches/*.parquet", false, []string{"cat", "store/run/mismatches"}},
	{"tally", "store/run/judgements/*/tallies/*.json", false, nil},
}

// flipBits flips a single bit in an object of each kind, many times over, and reads
// it with what reads such objects: either that says so, by the object's name, or it
// says what it said before. Each core has datasets of its own.
func (o *options) flipBits(ctx context.Context, t *totals) error {
	if o.flips == 0 {
		return nil
	}
	cores := runtime.NumCPU()
	log.Printf("flipping %d bits in each kind of object", o.flips)
	g, ctx := errgroup.WithContext(ctx)
	for core := range cores {
		g.Go(func() error {
			dir, err := os.MkdirTemp("", "parity-chaos-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			f := &flipper{round: &round{options: o, rng: newRand(o.seed + uint64(core)), dir: dir, totals: t, name: "flip"}}
			if err := f.make(ctx); err != nil {
				return fmt.Errorf("make datasets to flip bits in: %w", err)
			}
			return f.run(ctx, (o.flips+cores-1)/cores)
		})
	}
	return g.Wait()
}

// flipper has small datasets in which nothing has failed yet.
type flipper struct {
	*round
	address string
	sidecar []string // the arguments
	rows    []recorded
	counts  ledger
}

func (f *flipper) run(ctx context.Context, times int) error {
	for _, t := range targets {
		want, _, err := f.say(ctx, &t)
		if err != nil {
			return fmt.Errorf("before a bit is flipped: %w", err)
		}
		for range times {
			if err := f.flip(ctx, &t, want); err != nil {
				return err
			}
		}
	}
	for range times {
		if err := f.flipSpool(ctx); err != nil {
			return err
		}
	}
	return nil
}

// say is what the readers of such objects print, and what they complain of where
// one of them fails.
func (f *flipper) say(ctx context.Context, t *target) (said, complaint []byte, err error) {
	commands := [][]string{{"compare", "store/run"}, {"report", "store/run", "--json", "-"}}
	if t.read != nil {
		commands = append(commands, t.read)
	}
	if t.fresh {
		if err := os.RemoveAll(filepath.Join(f.dir, "store/run/judgements")); err != nil {
			return nil, nil, err
		}
	}
	for i, args := range commands {
		p, err := f.start(args...)
		if err != nil {
			return nil, nil, err
		}
		code, err := p.wait(ctx)
		if err != nil {
			return nil, nil, err
		}
		if code != 0 {
			return nil, p.stderr.Bytes(), nil
		}
		if i > 0 { // the first one says how long it took
			said = append(said, p.stdout.Bytes()...)
		}
	}
	return said, nil, nil
}

// flip flips one bit, and puts it back.
func (f *flipper) flip(ctx context.Context, t *target, want []byte) error {
	name, restore, bit, err := f.flipOne(t.pattern)
	if err != nil {
		return err
	}
	said, complaint, err := f.say(ctx, t)
	if err != nil {
		return err
	}
	f.flipped(t.kind, complaint != nil)
	switch {
	case complaint != nil && !bytes.Contains(complaint, []byte(filepath.Base(name))):
		return fmt.Errorf("bit %d of %s was flipped, and the complaint does not name it: %s", bit, name, complaint)
	case complaint == nil && !bytes.Equal(said, want):
		return fmt.Errorf("bit %d of %s was flipped, and nobody noticed: what is said differs\n%.2000s\n%.2000s", bit, name, said, want)
	}
	return restore()
}

// flipOne flips a bit of one of the files.
func (f *flipper) flipOne(pattern string) (name string, restore func() error, bit int, err error) {
	names, err := filepath.Glob(filepath.Join(f.dir, pattern))
	if err != nil || len(names) == 0 {
		return "", nil, 0, fmt.Errorf("no file is %s: %v", pattern, err)
	}
	name = names[f.rng.IntN(len(names))]
	data, err := os.ReadFile(name)
	if err != nil {
		return "", nil, 0, err
	}
	bit = f.rng.IntN(8 * len(data))
	damaged := bytes.Clone(data)
	damaged[bit/8] ^= 1 << (bit % 8)
	return name, func() error { return os.WriteFile(name, data, 0o600) }, bit, os.WriteFile(name, damaged, 0o600)
}

// flipSpool flips a bit in the spool of a sidecar that was killed, and starts it
// anew: each exchange is recorded as it was, or counted.
func (f *flipper) flipSpool(ctx context.Context) error {
	for _, part := range []string{"spool", "store/recording"} {
		if err := f.copyOf(part+".killed", part); err != nil {
			return err
		}
	}
	name, _, bit, err := f.flipOne("spool/*[nr]") // the segment that is open, and the ledger
	if err != nil {
		return err
	}
	p, err := f.start(f.sidecar...)
	if err != nil {
		return err
	}
	if !f.up(ctx, p) {
		f.flipped("segment of the spool, or its ledger", true)
		if said := p.stderr.Bytes(); !bytes.Contains(said, []byte(filepath.Base(name))) {
			return fmt.Errorf("bit %d of %s was flipped, and the sidecar does not start: %s", bit, name, said)
		}
		return nil
	}
	if err := f.stopSidecar(ctx, p, f.address, f.sidecar); err != nil {
		return err
	}
	rows, err := readRows[recorded](filepath.Join(f.dir, "store/recording"))
	if err != nil {
		return err
	}
	counts, err := lastLedger(filepath.Join(f.dir, "store/recording"))
	if err != nil {
		return err
	}
	told := strings.Contains(p.stderr.String(), strings.TrimSuffix(filepath.Base(name), ".open"))
	f.flipped("segment of the spool, or its ledger", told)
	if err := f.fewerRows(rows, counts, told); err != nil {
		return fmt.Errorf("bit %d of %s was flipped: %w\n%s", bit, name, err, p.tail())
	}
	return nil
}

// fewerRows says what is wrong with a recording of which some rows may be missing,
// where that is told.
func (f *flipper) fewerRows(rows []recorded, counts ledger, told bool) error {
	have := map[[16]byte]*recorded{}
	for i := range f.rows {
		have[f.rows[i].ID] = &f.rows[i]
	}
	for i := range rows {
		row := have[rows[i].ID]
		if row == nil || !bytes.Equal(row.Request, rows[i].Request) || !bytes.Equal(row.Answer, rows[i].Answer) || row.Status != rows[i].Status {
			return fmt.Errorf("exchange %x is not as it was, or recorded twice", rows[i].ID)
		}
		delete(have, rows[i].ID)
	}
	if (len(have) > 0 || counts.Served != f.counts.Served || counts.Lost != f.counts.Lost) && !told {
		return fmt.Errorf("%d exchanges are gone, the ledger says %+v, and nobody is told", len(have), counts)
	}
	return nil
}
