package exchange

import (
	"slices"
	"unsafe"
)

// Kind is how a column's values look, in Go and at rest.
type Kind uint8

// The kinds of column and their Parquet types.
const (
	UUID  Kind = iota // FIXED_LEN_BYTE_ARRAY(16), UUID
	Time              // INT64, TIMESTAMP(MICROS, UTC)
	Int               // INT64
	Hash              // INT64 of bits that look random
	Float             // DOUBLE
	Text              // BYTE_ARRAY, STRING, dictionary-coded: short, and mostly repeated
	JSON              // BYTE_ARRAY, STRING: holds a JSON text
	Blob              // BYTE_ARRAY
)

// Column is one column at rest and the field of Exchange that it holds. This
// table is the only place that knows both: the Parquet schema, the readers and
// writers, the checksums and the spool's encoding all follow from it.
type Column struct {
	Name string
	Side Sides
	Kind Kind

	// offset of the field in Exchange. A function for each column instead would
	// double what reading and checksums cost (BenchmarkChecksum): there are
	// thirty columns to a pair, and most hold a few bytes.
	offset uintptr
}

// Num is the field of a Time, Int or Hash column, and of a Float column the bits
// of the field (math.Float64bits).
func (c *Column) Num(e *Exchange) *int64 { return (*int64)(c.field(e)) }

// Text is the field of a Text column.
func (c *Column) Text(e *Exchange) *string { return (*string)(c.field(e)) }

// Blob is the field of a JSON or Blob column.
func (c *Column) Blob(e *Exchange) *[]byte { return (*[]byte)(c.field(e)) }

func (c *Column) field(e *Exchange) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(e), c.offset) }

// Columns lists the columns of the given sides in their order at rest, the
// key's first. The sides' checksum columns are not among them: see Checksum.
func Columns(sides Sides) []*Column {
	sides |= KeySide
	return slices.DeleteFunc(slices.Clone(columns), func(c *Column) bool { return c.Side&sides == 0 })
}

// ChecksumColumn names the INT64 column that holds a side's checksum.
func ChecksumColumn(side Sides) string { return sideNames[side] + "_crc32c" }

// ChecksummedSides lists the sides that have a checksum of their own.
var ChecksummedSides = []Sides{RequestSide, ReferenceSide, CandidateSide, VerdictSide}

var sideNames = map[Sides]string{
	RequestSide: "request", ReferenceSide: "response", CandidateSide: "candidate", VerdictSide: "verdict",
}

var columns = []*Column{
	{Name: "id", Side: KeySide, Kind: UUID},
	num("time", KeySide, Time, func(e *Exchange) *int64 { return (*int64)(&e.Time) }),
	text("model", KeySide, func(e *Exchange) *string { return &e.Model }),
	text("model_version", KeySide, func(e *Exchange) *string { return &e.ModelVersion }),
	num("request_hash", KeySide, Hash, func(e *Exchange) *int64 { return &e.RequestHash }),
	text("defect", KeySide, func(e *Exchange) *string { return (*string)(&e.Defect) }),
	newColumn("sampling_probability", KeySide, Float, func(e *Exchange) *float64 { return &e.SamplingProbability }),

	text("source_id", RequestSide, func(e *Exchange) *string { return &e.Request.SourceID }),
	text("request_method", RequestSide, func(e *Exchange) *string { return &e.Request.Method }),
	text("request_path", RequestSide, func(e *Exchange) *string { return &e.Request.Path }),
	blob("request_headers", RequestSide, JSON, func(e *Exchange) *[]byte { return &e.Request.Headers }),
	text("request_content_type", RequestSide, func(e *Exchange) *string { return &e.Request.ContentType }),
	blob("request_body", RequestSide, Blob, func(e *Exchange) *[]byte { return &e.Request.Body }),

	num("response_status", ReferenceSide, Int, func(e *Exchange) *int64 { return &e.Reference.Status }),
	text("response_failure", ReferenceSide, func(e *Exchange) *string { return (*string)(&e.Reference.Failure) }),
	blob("response_headers", ReferenceSide, JSON, func(e *Exchange) *[]byte { return &e.Reference.Headers }),
	text("response_content_type", ReferenceSide, func(e *Exchange) *string { return &e.Reference.ContentType }),
	blob("response_body", ReferenceSide, Blob, func(e *Exchange) *[]byte { return &e.Reference.Body }),
	num("response_hash", ReferenceSide, Hash, func(e *Exchange) *int64 { return &e.Reference.Hash }),
	num("first_byte_us", ReferenceSide, Int, func(e *Exchange) *int64 { return &e.Reference.FirstByteUS }),
	num("latency_us", ReferenceSide, Int, func(e *Exchange) *int64 { return &e.Reference.LatencyUS }),
	text("origin", ReferenceSide, func(e *Exchange) *string { return &e.Origin }),

	num("candidate_status", CandidateSide, Int, func(e *Exchange) *int64 { return &e.Candidate.Status }),
	text("candidate_failure", CandidateSide, func(e *Exchange) *string { return (*string)(&e.Candidate.Failure) }),
	text("candidate_error", CandidateSide, func(e *Exchange) *string { return &e.Candidate.Error }),
	text("candidate_delivery", CandidateSide, func(e *Exchange) *string { return &e.Candidate.Delivery }),
	blob("candidate_headers", CandidateSide, JSON, func(e *Exchange) *[]byte { return &e.Candidate.Headers }),
	text("candidate_content_type", CandidateSide, func(e *Exchange) *string { return &e.Candidate.ContentType }),
	blob("candidate_body", CandidateSide, Blob, func(e *Exchange) *[]byte { return &e.Candidate.Body }),
	num("candidate_hash", CandidateSide, Hash, func(e *Exchange) *int64 { return &e.Candidate.Hash }),
	num("candidate_due", CandidateSide, Time, func(e *Exchange) *int64 { return (*int64)(&e.Candidate.Due) }),
	num("candidate_sent", CandidateSide, Time, func(e *Exchange) *int64 { return (*int64)(&e.Candidate.Sent) }),
	num("candidate_first_byte_us", CandidateSide, Int, func(e *Exchange) *int64 { return &e.Candidate.FirstByteUS }),
	num("candidate_latency_us", CandidateSide, Int, func(e *Exchange) *int64 { return &e.Candidate.LatencyUS }),

	text("verdict", VerdictSide, func(e *Exchange) *string { return &e.Verdict.Kind }),
	blob("deltas", VerdictSide, JSON, func(e *Exchange) *[]byte { return &e.Verdict.Deltas }),
}

func num(name string, s Sides, k Kind, f func(*Exchange) *int64) *Column {
	return newColumn(name, s, k, f)
}

func text(name string, s Sides, f func(*Exchange) *string) *Column {
	return newColumn(name, s, Text, f)
}

func blob(name string, s Sides, k Kind, f func(*Exchange) *[]byte) *Column {
	return newColumn(name, s, k, f)
}

// newColumn takes a function for the field, so that the compiler holds its type
// against the kind.
func newColumn[T any](name string, s Sides, k Kind, field func(*Exchange) *T) *Column {
	var e Exchange
	return &Column{Name: name, Side: s, Kind: k, offset: uintptr(unsafe.Pointer(field(&e))) - uintptr(unsafe.Pointer(&e))}
}
