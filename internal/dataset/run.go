package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

const (
	runKey    = "run.json"
	runFormat = "parity.run/1"
	planKey   = "plan.parquet"
)

// ErrNoRun says that a location holds no run.
var ErrNoRun = errors.New("is not a run")

// RunInfo is run.json. Recording, Target, Selection, Names and RequestMapping
// identify the run: the same command goes on with it, another one is refused.
type RunInfo struct {
	ID        string             `json:"id"` // sent as X-Parity-Run
	Created   time.Time          `json:"created"`
	Version   string             `json:"version"` // of parity
	Recording string             `json:"recording"`
	Target    string             `json:"target"`
	Selection exchange.Selection `json:"selection"`
	// Names are the endpoints of models whose names the target's template does not
	// make, as the config's table had them.
	Names map[string]string `json:"names,omitempty"`
	// RequestMapping is what was made of the recorded requests; nil: nothing.
	RequestMapping json.RawMessage `json:"request_mapping,omitempty"`

	// TargetName is what the config called the target when the run was begun, ""
	// where it had none, and ResponseMapping what it made of answers. Both are for
	// judging, which may go by another config.
	TargetName      string          `json:"target_name,omitempty"`
	ResponseMapping json.RawMessage `json:"response_mapping,omitempty"`
}

// Run is one replay of a recording against a target.
type Run struct {
	Location string
	Info     RunInfo
	bucket   store.Bucket
}

// CreateRun makes the run at location, or opens it where it exists and has the
// same identity.
func CreateRun(ctx context.Context, location string, info RunInfo) (*Run, error) {
	b, err := store.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	if err := refuseForeign(ctx, b, location); err != nil {
		return nil, err
	}
	err = putDocument(ctx, b, runKey, runFormat, "", info)
	if err != nil && !errors.Is(err, exchange.ErrExists) {
		return nil, fmt.Errorf("create run %s: %w", location, err)
	}
	r, err := OpenRun(ctx, location)
	if err != nil {
		return nil, err
	}
	return r, r.sameAs(info)
}

// RefuseRun keeps a recording out of a run's folder, where nothing would find
// it.
func RefuseRun(ctx context.Context, location string) error {
	_, err := OpenRun(ctx, location)
	switch {
	case err == nil:
		return fmt.Errorf("%s is a run: choose another --out for a recording", location)
	case errors.Is(err, ErrNoRun):
		return nil
	}
	return err
}

// ResumeRun opens a run of the same identity and its plan. It returns nil
// where there is no run yet, or one that was killed before it had a plan.
func ResumeRun(ctx context.Context, location string, info RunInfo) (*Run, []Split, error) {
	r, err := OpenRun(ctx, location)
	if errors.Is(err, ErrNoRun) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if err := r.sameAs(info); err != nil {
		return nil, nil, err
	}
	plan, _, err := r.Plan(ctx)
	return r, plan, err
}

// refuseForeign keeps a run out of a folder that holds something else.
func refuseForeign(ctx context.Context, b store.Bucket, location string) error {
	first := ""
	for o, err := range b.List(ctx, "") {
		if err != nil {
			return fmt.Errorf("create run %s: %w", location, err)
		}
		if o.Key == runKey || strings.HasPrefix(o.Key, "judgements/") || strings.HasPrefix(o.Key, generationFolder) {
			return nil // a run, or one whose run.json comes later in the list
		}
		first = o.Key
		if !strings.HasPrefix(o.Key, begunFolder) && !strings.HasPrefix(o.Key, "plan.") && !strings.HasPrefix(o.Key, "results/") {
			break
		}
	}
	if first != "" {
		return fmt.Errorf("create run %s: it is not empty and no run (%s is there): choose another --out", location, first)
	}
	return nil
}

func (r *Run) sameAs(info RunInfo) error {
	for _, field := range []struct {
		name      string
		has, want any
	}{
		{"recording", r.Info.Recording, info.Recording},
		{"target", r.Info.Target, info.Target},
		{"selection", r.Info.Selection.String(), info.Selection.String()},
		{"request mapping", mappingText(r.Info.RequestMapping), mappingText(info.RequestMapping)},
	} {
		if !reflect.DeepEqual(field.has, field.want) {
			return fmt.Errorf("run %s was begun with %s %v, not %v: repeat that command to go on, or choose another --out",
				r.Location, field.name, field.has, field.want)
		}
	}
	return r.SameNames(info.Names)
}

// SameNames refuses a table of names that is another than the run's, and names one
// model whose endpoint it changes.
func (r *Run) SameNames(names map[string]string) error {
	both := maps.Clone(r.Info.Names)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, names)
	for _, model := range slices.Sorted(maps.Keys(both)) {
		if had, has := r.Info.Names[model], names[model]; had != has {
			return fmt.Errorf("run %s was begun with the endpoint %q for model %q in the table of names, not %q: bring that back to go on, or choose another --out",
				r.Location, had, model, has)
		}
	}
	return nil
}

// mappingText is a mapping in words of an error.
func mappingText(mapping json.RawMessage) string {
	if len(mapping) == 0 {
		return "none"
	}
	return string(mapping)
}

// OpenRun opens an existing run.
func OpenRun(ctx context.Context, location string) (*Run, error) {
	b, err := store.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	r := &Run{Location: location, bucket: b}
	err = getDocument(ctx, b, runKey, runFormat, "", &r.Info)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%s %w (it has no %s): name the folder given as --out of `parity replay`", location, ErrNoRun, runKey)
	}
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return r, nil
}

// Recording opens what the run is about, narrowed to what its selection asks for.
func (r *Run) Recording(ctx context.Context) (*Recording, error) {
	rec, err := OpenRecording(ctx, r.Info.Recording)
	if err != nil {
		return nil, err
	}
	return r.Narrow(ctx, rec)
}

// ResultSink begins the result object of a split. concurrency is how many
// requests may be in flight, over all workers: what the candidate answers may
// depend on it.
func (r *Run) ResultSink(s Split, concurrency int) (*ResultSink, error) {
	return r.resultSink(0, s, concurrency)
}

// ResultSink makes the result object of a split.
type ResultSink struct{ *writer }

// Reached says, before Commit, how many requests were in flight at most to the
// endpoint of each model, over all workers: that may be fewer than were allowed.
func (w *ResultSink) Reached(byModel map[string]int) {
	text, err := json.Marshal(byModel)
	if err != nil {
		panic(err) // texts and numbers
	}
	w.parquet.SetKeyValueMetadata(keyReached, string(text))
}

func (r *Run) resultSink(generation int, s Split, concurrency int) (*ResultSink, error) {
	w, err := newWriter(r.bucket, resultKey(generation, s), ResultKind, Limits{},
		map[string]string{keyOf: r.of(generation, s), keyConcurrency: strconv.Itoa(concurrency)})
	if err != nil {
		return nil, err
	}
	return &ResultSink{w}, nil
}

// Results lists the splits that have a result of generation 0.
func (r *Run) Results(ctx context.Context) (map[int]bool, error) {
	return listSplits(ctx, r.bucket, resultsFolder(0))
}

// listSplits lists the numbers of the objects named after splits.
func listSplits(ctx context.Context, b store.Bucket, prefix string) (map[int]bool, error) {
	done := map[int]bool{}
	for o, err := range b.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list %s%s: %w", b, prefix, err)
		}
		name, _, _ := strings.Cut(path.Base(o.Key), ".")
		if n, err := strconv.Atoi(name); err == nil {
			done[n] = true
		}
	}
	return done, nil
}
