package dataset

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Checked is what Check read, and what was wrong with it.
type Checked struct {
	Objects, Rows int64
	Problems      []error  // each names its object
	Foreign       []string // keys of what is none of Parity's objects, and in nobody's way
}

// Check reads every object under a location, of whatever kind, and verifies
// every checksum. What it finds is in Checked; an error means that it could
// not look.
func Check(ctx context.Context, location string, progress func(key string)) (*Checked, error) {
	location, err := resolveMismatches(ctx, location)
	if err != nil {
		return nil, err
	}
	b, err := store.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	c := &Checked{}
	for o, err := range b.List(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", location, err)
		}
		progress(o.Key)
		if isForeign(o.Key) {
			c.Foreign = append(c.Foreign, o.Key)
			continue
		}
		rows, err := checkObject(ctx, b, o.Key)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c.Objects++
		c.Rows += rows
		if err != nil {
			c.Problems = append(c.Problems, err)
		}
	}
	switch n := len(c.Foreign); {
	case c.Objects == 0 && n > 0:
		return nil, fmt.Errorf("nothing of Parity's is at %s, and %d files of others: name a recording or a run", location, n)
	case c.Objects == 0:
		return nil, fmt.Errorf("nothing is at %s", location)
	}
	return c, nil
}

// isForeign says that no object of ours has such a name. Any .parquet is ours: a
// recording is all that lie in its folder.
func isForeign(key string) bool {
	switch {
	case keptReport.MatchString(key), strings.HasSuffix(key, ".parquet"):
		return false
	}
	return !strings.HasSuffix(key, ".json") || documentFormat(key) == ""
}

func checkObject(ctx context.Context, b store.Bucket, key string) (rows int64, err error) {
	switch {
	case keptReport.MatchString(key):
		return 0, checkReport(ctx, b, key)
	case strings.HasSuffix(key, ".parquet"):
		return checkParquet(ctx, b, key)
	}
	text, _, err := b.Get(ctx, key, 0, -1)
	if err != nil {
		return 0, err
	}
	var body any
	_, err = parseDocument(text, documentFormat(key), &body)
	return 0, inObject(b, key, err)
}

// splitDocument is the name of a JSON object that belongs to a split: a tally.
var splitDocument = regexp.MustCompile(`(^|/)\d{6,}\.json$`)

// documentFormat is what a JSON object should be by its name; "": none of ours.

func documentFormat(key string) string {
	switch {
	case strings.HasSuffix(key, runKey):
		return runFormat
	case strings.HasSuffix(key, "judgement.json"):
		return judgementFormat
	case strings.HasSuffix(key, "noise.json"):
		return noiseFormat
	case strings.HasSuffix(key, "repeats.json"):
		return repeatsFormat
	case strings.HasPrefix(key, generationFolder) || strings.Contains(key, "/"+generationFolder):
		return generationFormat
	case strings.HasPrefix(key, begunFolder) || strings.Contains(key, "/"+begunFolder):
		return begunFormat
	case splitDocument.MatchString(key):
		return tallyFormat
	}
	return ""
}

func checkParquet(ctx context.Context, b store.Bucket, key string) (rows int64, err error) {
	o, err := openObject(ctx, b, key)
	if err != nil {
		return 0, err
	}
	if err := o.verifyIndex(ctx); err != nil {
		return 0, inObject(b, key, err)
	}
	if o.kind == PlanKind {
		_, err := o.readWhole(ctx)
		return o.allRows(), inObject(b, key, err)
	}
	err = EachRow(ctx, newSource(o, kindSides[o.kind], whole, allGroups(o)...), func(*exchange.Exchange) error {
		rows++
		return nil
	})
	if err == nil && rows != o.allRows() {
		err = inObject(b, key, fmt.Errorf("it has %d rows and says %d", rows, o.allRows()))
	}
	return rows, err
}

// Found is a dataset below a location.
type Found struct {
	Kind     Kind // RecordingKind, or "run"
	Location string
	Objects  int
	Bytes    int64
}

// RunKind is the kind of a run among Found.
const RunKind Kind = "run"

// Find lists the recordings and runs at or below a location by their names.
func Find(ctx context.Context, location string) ([]*Found, error) {
	b, err := store.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	var found []*Found
	at := map[string]*Found{}
	for o, err := range b.List(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", location, err)
		}
		root, kind := datasetOf(o.Key)
		if kind == "" {
			continue
		}
		f := at[root]
		if f == nil {
			f = &Found{Kind: kind, Location: strings.TrimSuffix(store.Join(location, root), "/")}
			at[root] = f
			found = append(found, f)
		}
		f.Objects++
		f.Bytes += o.Size
	}
	return found, nil
}

// datasetOf finds the dataset that a key belongs to by the names in FORMAT.md.
func datasetOf(key string) (root string, kind Kind) {
	for _, part := range []struct {
		name string
		kind Kind
	}{{"judgements/", RunKind}, {"results/g", RunKind}, {generationFolder + "g", RunKind}, {begunFolder + "g", RunKind}, {planKey, RunKind}, {runKey, RunKind}, {"dt=", RecordingKind}} {
		if strings.HasPrefix(key, part.name) {
			return "", part.kind
		}
		if i := strings.Index(key, "/"+part.name); i >= 0 {
			return key[:i], part.kind
		}
	}
	return "", ""
}
