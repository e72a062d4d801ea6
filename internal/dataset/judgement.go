package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

const (
	judgementFormat = "parity.judgement/1"
	tallyFormat     = "parity.tally/4"
	noiseFormat     = "parity.noise/1"
)

// ErrNotJudged says that a run has no judgement.
var ErrNotJudged = errors.New("is not judged yet")

// JudgementInfo is judgement.json. ID is a digest of all that decides a
// verdict; Created is when the judgement was begun.
type JudgementInfo struct {
	ID           string          `json:"id"`
	Created      time.Time       `json:"created"`
	Version      string          `json:"version"` // of parity
	JudgeVersion int             `json:"judge_version"`
	Rules        json.RawMessage `json:"rules"` // as applied
	// Mapping is what was made of the candidate's answers first; nil: nothing.
	Mapping json.RawMessage `json:"mapping,omitempty"`
	// MaxMismatches bounds the mismatch set, see compare.Options; 0 does not.
	MaxMismatches int `json:"max_mismatches,omitempty"`
	// Control is where the old system's noise was learnt from, and Noise the
	// SHA-256 of that as it lies in noise.json; "" without a control.
	Control string `json:"control,omitempty"`
	Noise   string `json:"noise,omitempty"`
	// Generations is how many later generations were looked at: all that were
	// complete.
	Generations int `json:"generations,omitempty"`
}

// identify sets the ID: the first 16 hexadecimal digits of the SHA-256 over all
// that decides what the judgement holds.
func (info *JudgementInfo) identify() {
	text := fmt.Appendf(nil, "judge %d\n%s", info.JudgeVersion, info.Rules)
	if len(info.Mapping) > 0 { // left out otherwise, as all that follows, so that ids stay what they were
		text = fmt.Appendf(text, "\nmapping %s", info.Mapping)
	}
	if info.MaxMismatches > 0 {
		text = fmt.Appendf(text, "\nmax_mismatches %d", info.MaxMismatches)
	}
	if info.Noise != "" {
		text = fmt.Appendf(text, "\nnoise %s", info.Noise)
	}
	if info.Generations > 0 {
		text = fmt.Appendf(text, "\ngenerations %d", info.Generations)
	}
	sum := sha256.Sum256(text)
	info.ID = hex.EncodeToString(sum[:8])
}

// Judgement is what comparing a run under one set of rules said.
type Judgement struct {
	Info JudgementInfo
	run  *Run
}

// CreateJudgement makes the judgement, or opens it where it exists; info's ID and
// Noise are filled in. noise is the old system's, nil for none.
func (r *Run) CreateJudgement(ctx context.Context, info JudgementInfo, noise any) (*Judgement, error) {
	text, err := json.Marshal(noise)
	if err != nil {
		return nil, fmt.Errorf("create judgement of %s: %w", r.Location, err)
	}
	if info.Control != "" {
		sum := sha256.Sum256(text)
		info.Noise = hex.EncodeToString(sum[:])
	}
	info.identify()
	if info.Control != "" {
		// Before the judgement, which must not be there without it.
		err := putDocument(ctx, r.bucket, noiseKey(info.ID), noiseFormat, r.Info.ID+"/"+info.ID, json.RawMessage(text))
		if err != nil && !errors.Is(err, exchange.ErrExists) {
			return nil, fmt.Errorf("create judgement of %s: %w", r.Location, err)
		}
	}
	err = putDocument(ctx, r.bucket, judgementKey(info.ID), judgementFormat, r.Info.ID, info)
	if err != nil && !errors.Is(err, exchange.ErrExists) {
		return nil, fmt.Errorf("create judgement of %s: %w", r.Location, err)
	}
	return r.Judgement(ctx, info.ID)
}

// Noise reads what the control showed of the old system's noise; false for a
// judgement without a control.
func (j *Judgement) Noise(ctx context.Context, noise any) (bool, error) {
	if j.Info.Control == "" {
		return false, nil
	}
	return true, getDocument(ctx, j.run.bucket, noiseKey(j.Info.ID), noiseFormat, j.run.Info.ID+"/"+j.Info.ID, noise)
}

func noiseKey(id string) string { return "judgements/" + id + "/noise.json" }

func judgementKey(id string) string { return "judgements/" + id + "/judgement.json" }

// Judgement opens a judgement by its id, or the latest where id is "".
func (r *Run) Judgement(ctx context.Context, id string) (*Judgement, error) {
	if id == "" {
		return r.latest(ctx)
	}
	j := &Judgement{run: r}
	err := getDocument(ctx, r.bucket, judgementKey(id), judgementFormat, r.Info.ID, &j.Info)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("run %s %w as %s: `parity ls %s` lists its judgements", r.Location, ErrNotJudged, id, r.Location)
	}
	if err != nil {
		return nil, fmt.Errorf("open judgement: %w", err)
	}
	return j, nil
}

func (r *Run) latest(ctx context.Context) (*Judgement, error) {
	all, err := r.Judgements(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("run %s %w: `parity compare %s` does it", r.Location, ErrNotJudged, r.Location)
	}
	return all[len(all)-1], nil
}

// Judgements lists the judgements of a run, the latest last.
func (r *Run) Judgements(ctx context.Context) ([]*Judgement, error) {
	var ids []string // of all that has something of its own: verdicts must not pass to another judgement because a document is lost
	for o, err := range r.bucket.List(ctx, "judgements/") {
		if err != nil {
			return nil, fmt.Errorf("list judgements of %s: %w", r.Location, err)
		}
		if parts := strings.SplitN(o.Key, "/", 3); len(parts) == 3 && parts[2] != "noise.json" && !slices.Contains(ids, parts[1]) {
			ids = append(ids, parts[1])
		}
	}
	var all []*Judgement
	for _, id := range ids {
		j, err := r.Judgement(ctx, id)
		if errors.Is(err, ErrNotJudged) {
			return nil, fmt.Errorf("run %s has tallies or mismatches of judgement %s and no %s: bring it back, or delete the folder", r.Location, id, judgementKey(id))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b *Judgement) int {
		return cmp.Or(cmp.Compare(a.Info.Generations, b.Info.Generations), a.Info.Created.Compare(b.Info.Created), cmp.Compare(a.Info.ID, b.Info.ID))
	})
	return all, nil
}

func (j *Judgement) folder(name string) string { return "judgements/" + j.Info.ID + "/" + name + "/" }

// MismatchLocation is the mismatch set, which is a recording.
func (j *Judgement) MismatchLocation() string {
	return store.Join(j.run.Location, "judgements", j.Info.ID, "mismatches")
}

// MismatchSink begins the mismatch object of a split.
func (j *Judgement) MismatchSink(s Split) (exchange.Sink, error) {
	return newWriter(j.run.bucket, j.mismatchKey(s), MismatchKind, Limits{}, map[string]string{keyOf: j.of(s)})
}

// of is what the objects of a split say that they belong to.
func (j *Judgement) of(s Split) string { return j.run.Info.ID + "/" + j.Info.ID + "/" + s.Name() }

func (j *Judgement) mismatchKey(s Split) string {
	return j.folder("mismatches") + s.Name() + ".parquet"
}

// PutTally writes the tally of a split. It is the commit: written after the
// mismatches, it says that the split is judged.
func (j *Judgement) PutTally(ctx context.Context, s Split, tally any) error {
	return putDocument(ctx, j.run.bucket, j.tallyKey(s), tallyFormat, j.of(s), tally)
}

// Tally reads the tally of a split.
func (j *Judgement) Tally(ctx context.Context, s Split, tally any) error {
	return getDocument(ctx, j.run.bucket, j.tallyKey(s), tallyFormat, j.of(s), tally)
}

func (j *Judgement) tallyKey(s Split) string { return j.folder("tallies") + s.Name() + ".json" }

// Judged lists the splits that have a tally.
func (j *Judgement) Judged(ctx context.Context) (map[int]bool, error) {
	return listSplits(ctx, j.run.bucket, j.folder("tallies"))
}

// checkWhole refuses a judgement that lacks splits which were sent: its
// mismatch set would be taken for all of it.
func (j *Judgement) checkWhole(ctx context.Context) error {
	results, err := j.run.Results(ctx)
	if err != nil {
		return err
	}
	judged, err := j.Judged(ctx)
	if err != nil {
		return err
	}
	for split := range results {
		if !judged[split] {
			return fmt.Errorf("judgement %s of %s has %d of %d splits: repeat `parity compare %s` with its rules first",
				j.Info.ID, j.run.Location, len(judged), len(results), j.run.Location)
		}
	}
	generations, err := j.run.Generations(ctx)
	if err == nil && len(Complete(generations)) > j.Info.Generations {
		err = fmt.Errorf("run %s was sent again since its latest judgement, %s: `parity compare %s` first", j.run.Location, j.Info.ID, j.run.Location)
	}
	return err
}

// MismatchRows counts the rows of a split's mismatch object; 0 where there is
// none.
func (j *Judgement) MismatchRows(ctx context.Context, s Split) (int64, error) {
	o, err := openObject(ctx, j.run.bucket, j.mismatchKey(s))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err == nil {
		err = o.belongs(j.of(s))
	}
	if err != nil {
		return 0, err
	}
	return o.allRows(), nil
}

var mismatchPath = regexp.MustCompile(`^(.*)/judgements/([0-9a-f]+)/mismatches/?$`)

// MismatchesOf says which judgement of which run a mismatch set is of; false
// where the location is another recording's.
func MismatchesOf(location string) (run, judgement string, ok bool) {
	m := mismatchPath.FindStringSubmatch(location)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// resolveMismatches turns RUN/mismatches into the place of the mismatch set of
// the run's latest judgement.
func resolveMismatches(ctx context.Context, location string) (string, error) {
	run, ok := strings.CutSuffix(strings.TrimRight(location, "/"), "/mismatches")
	if !ok || strings.Contains(run, "/judgements/") {
		return location, nil
	}
	r, err := OpenRun(ctx, run)
	if err != nil {
		return "", err
	}
	j, err := r.Judgement(ctx, "")
	if err != nil {
		return "", err
	}
	return j.MismatchLocation(), j.checkWhole(ctx)
}
