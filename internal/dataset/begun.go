package dataset

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

const (
	begunFolder = "begun/"
	begunFormat = "parity.begun/1"
)

// BegunInfo is a document in RUN/begun: a worker begins to send a split. A split
// that has one and no result was open when its worker died, or still is; one that
// has several was sent that often, or in part.
type BegunInfo struct {
	Time time.Time `json:"time"`
	Rows int64     `json:"rows"` // to be sent
}

// Begin notes that a split of a generation is begun, of which rows are to be sent.
func (r *Run) Begin(ctx context.Context, generation int, s Split, rows int64) error {
	now := time.Now().UTC()
	key := begunFolder + generationName(generation) + "/" + s.Name() + "." + exchange.NewID(now).String() + ".json"
	err := putDocument(ctx, r.bucket, key, begunFormat, r.Info.ID, BegunInfo{now.Truncate(time.Millisecond), rows})
	if err != nil && !errors.Is(err, exchange.ErrExists) {
		return fmt.Errorf("note that split %s is begun: %w", s.Name(), err)
	}
	return nil
}

// Begun counts how often each split of a generation was begun.
func (r *Run) Begun(ctx context.Context, generation int) (map[int]int, error) {
	prefix := begunFolder + generationName(generation) + "/"
	begun := map[int]int{}
	for o, err := range r.bucket.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list %s of %s: %w", prefix, r.Location, err)
		}
		name, _, _ := strings.Cut(path.Base(o.Key), ".")
		if n, err := strconv.Atoi(name); err == nil {
			begun[n]++
		}
	}
	return begun, nil
}

// Arrived looks whether the run is still what it was and has a result of each of
// these splits: a disk that went away, or somebody who moved the folder, must not
// pass for a run that is complete.
func (r *Run) Arrived(ctx context.Context, generation int, splits []Split) error {
	now, err := OpenRun(ctx, r.Location)
	if err != nil {
		return fmt.Errorf("look again at what was sent: %w", err)
	}
	if now.Info.ID != r.Info.ID {
		return fmt.Errorf("run %s was replaced while it was written: it is run %s now, and was %s", r.Location, now.Info.ID, r.Info.ID)
	}
	there, err := listSplits(ctx, r.bucket, resultsFolder(generation))
	if err != nil {
		return err
	}
	for _, s := range splits {
		if !there[s.Index] {
			return fmt.Errorf("the result of split %s of run %s was written and is gone: somebody deleted it, or the disk went away; repeat the command", s.Name(), r.Location)
		}
	}
	return nil
}
