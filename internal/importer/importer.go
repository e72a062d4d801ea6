// Package importer reads what other systems recorded of requests and answers,
// and makes exchanges of it: one file a format. It streams, joins requests with
// their answers in bounded memory, and counts all that it meets: what it could
// not read or pair is data, with a place; an error means that the source itself
// can't be read.
package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/modelparity/parity/internal/exchange"
)

// Options says what an import does with what it reads.
type Options struct {
	// Add takes an exchange, and keeps what it points to.
	Add func(*exchange.Exchange) error
	// Dropped is told of the first few that are dropped for each reason. Where
	// and what come from outside. May be nil.
	Dropped func(reason, where string, err error)
	// Model and Version find an exchange's model and its version; where they are
	// nil or say "", it is what the format says.
	Model, Version func(*exchange.Exchange) string
	// Seen counts what is read, for a look from elsewhere. May be nil.
	Seen *atomic.Int64
	// WindowBytes is how much of requests and answers waits in memory for the
	// other half before it goes to temporary files: 0 means 64 MiB.
	WindowBytes int
}

// Result is what an import read.
type Result struct {
	Ledger     exchange.Ledger
	Unanswered int64 // of the recorded: requests without an answer
	Unnamed    int64 // of the recorded: those without a model
}

// The reasons for dropping.
const (
	Unreadable = "unreadable" // it can't be read
	NoRequest  = "no_request" // an answer whose request is nowhere
	Duplicate  = "duplicate"  // a second request, or answer, of one id
	NotHTTP    = "not_http"   // a browser's data:, blob: and the like
	Replayed   = "replayed"   // GoReplay's record of what its target answered
)

// Format is a format that can be imported.
type Format struct {
	Name string
	Unit string   // what its ledger counts
	ends []string // of names of files in a folder, .gz aside

	read func(ctx context.Context, f *file, s *sink) error
}

var formats = map[string]Format{
	"jsonl":     {Unit: "line", ends: []string{".jsonl", ".ndjson"}, read: readJSONL},
	"goreplay":  {Unit: "request", ends: []string{".gor"}, read: readGoReplay},
	"har":       {Unit: "entry", ends: []string{".har"}, read: readHAR},
	"kserve":    {Unit: "request", ends: []string{".parquet"}, read: readKServe},
	"sagemaker": {Unit: "event", ends: []string{".jsonl"}, read: readSageMaker},
}

// Find finds the format of that name.
func Find(name string) (Format, error) {
	f, ok := formats[name]
	if !ok {
		return f, fmt.Errorf("import format %q: this parity knows %s", name, strings.Join(slices.Sorted(maps.Keys(formats)), ", "))
	}
	f.Name = name
	return f, nil
}

// Run reads all of a source.
func (f Format) Run(ctx context.Context, src *Source, o Options) (Result, error) {
	s := newSink(o)
	defer s.pairs.close()
	for file, err := range src.files(ctx, f.ends) {
		if err != nil {
			return s.result, err
		}
		if err := f.read(ctx, file, s); err != nil {
			return s.result, fmt.Errorf("read %s: %w", file.name, err)
		}
	}
	return s.result, s.pairs.finish()
}
