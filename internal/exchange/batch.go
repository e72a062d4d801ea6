package exchange

import (
	"context"
	"errors"
)

// Sides is a set of the parts of an exchange: a mask for reading and writing.
// The key (id to sampling_probability, see Columns) always goes along.
type Sides uint8

// The sides of an exchange. Each has a checksum of its own over the key and
// all its fields, so one side's columns can be read and verified alone.
const (
	KeySide Sides = 1 << iota
	RequestSide
	ReferenceSide
	CandidateSide
	VerdictSide
)

// What the kinds of dataset hold.
const (
	RecordingSides = KeySide | RequestSide | ReferenceSide
	ResultSides    = KeySide | CandidateSide
	MismatchSides  = RecordingSides | CandidateSide | VerdictSide
)

// Batch is a run of consecutive exchanges. Rows and the bytes that they point
// to belong to the Source that filled it and are valid until its next Read or
// Close; strings stay valid.
type Batch struct {
	Rows []Exchange
}

// Source yields the exchanges of one split in their order.
type Source interface {
	// Read fills b with the next exchanges, at least one, and returns io.EOF
	// after the last. Any other error means that the split can't be read whole,
	// and nothing of it may be judged.
	Read(ctx context.Context, b *Batch) error
	// Close gives back what Read holds.
	Close() error
}

// LazySource is a Source whose Read may leave out what is large of an answer or
// request, its headers and its body: equal answers need not be decoded to be
// told equal.
type LazySource interface {
	Source
	// Load fills in what was left out of row i of the batch that Read filled
	// last, and verifies the row. Rows are loaded in their order, one more than
	// once if need be. What Load fills in is valid until the next row's is, or
	// until Read or Close.
	Load(i int) error
	// Fill is Load without verifying, for who loads the row before believing what
	// damage could make of it.
	Fill(i int) error
}

// Sink takes the exchanges of one object. Nothing is visible before Commit.
type Sink interface {
	// Write adds rows; it keeps none of the bytes that they point to.
	Write(ctx context.Context, b *Batch) error
	// Commit makes the object exist, whole. It returns ErrExists when
	// another worker was first: then the object is there and this one is not
	// needed.
	Commit(ctx context.Context) error
	// Close drops what was not committed. It may follow Commit.
	Close() error
}

// ErrExists says that the object to be committed is already there. As objects
// are named for their input, this is success by another worker's hand.
var ErrExists = errors.New("the object exists already")
