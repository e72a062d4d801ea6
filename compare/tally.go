package compare

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// Tally is what judging some splits counted. Tallies merge in any order and
// grouping to the same bytes: they hold integers, sets and bottom-k samples,
// nothing that depends on who came first.
type Tally struct {
	Models map[string]*ModelTally `json:"models"`
}

// ModelTally counts one model's exchanges. Planned is counted where an
// exchange is met and the outcomes where it is decided, none of them by
// subtraction, so that a slip of the judge shows in Balanced.
type ModelTally struct {
	Planned     int64            `json:"planned"`
	Match       int64            `json:"match"`
	Noise       int64            `json:"noise"`
	Mismatch    int64            `json:"mismatch"`
	Missing     int64            `json:"missing"`
	Unavailable map[string]int64 `json:"unavailable,omitempty"` // by class
	Undecided   map[string]int64 `json:"undecided,omitempty"`   // by reason
	Skipped     map[string]int64 `json:"skipped,omitempty"`     // by reason

	// Reformatted counts the matches whose bytes differ: in their format, within
	// the tolerance, or where a rule ignores it.
	Reformatted int64 `json:"reformatted"`
	// Ignored counts the deltas that each rule hid, by the rule's path.
	Ignored map[string]int64 `json:"ignored,omitempty"`

	// Requests holds the hashes of the requests that were decided (match,
	// noise or mismatch) and Mismatched those with a mismatch among their
	// repeats: a repeated request is one piece of evidence.
	Requests   HashSet `json:"requests"`
	Mismatched HashSet `json:"mismatched"`

	// Signatures holds the deltas by signature ("$.scores[*].value number"), at
	// most MaxSignatures of them; Folded counts the deltas of those that had no
	// place.
	Signatures map[string]*SignatureTally `json:"signatures,omitempty"`
	Folded     int64                      `json:"folded,omitempty"`

	// The latencies of the exchanges that were decided, as far as they are known.
	ReferenceLatency Histogram `json:"reference_latency_us,omitempty"`
	CandidateLatency Histogram `json:"candidate_latency_us,omitempty"`

	First exchange.Timestamp `json:"first"` // of the exchanges planned
	Last  exchange.Timestamp `json:"last"`
}

// SignatureTally counts the deltas of one kind at one path, array indices folded.
type SignatureTally struct {
	Path      string     `json:"path"`
	Kind      Kind       `json:"kind"`
	Deltas    int64      `json:"deltas"`
	Exchanges int64      `json:"exchanges"`        // that have at least one such delta
	Errors    Histogram  `json:"errors,omitempty"` // absolute errors of number deltas
	Exemplars []Exemplar `json:"exemplars"`        // bottom-k by hash of the id
}

// Exemplar is one exchange that shows a signature.
type Exemplar struct {
	ID        exchange.ID `json:"id"`
	Reference string      `json:"reference"` // the literals of its first such delta, cut for display
	Candidate string      `json:"candidate"`
}

// MaxSignatures is how many signatures a model keeps; which ones follows from
// a hash, so that shards agree. MaxExemplars is the same for a signature.
const (
	MaxSignatures = 256
	MaxExemplars  = 5
)

// NewTally returns an empty tally.
func NewTally() *Tally { return &Tally{Models: map[string]*ModelTally{}} }

// Model returns the named model's counts, new ones where there are none.
func (t *Tally) Model(name string) *ModelTally {
	m := t.Models[name]
	if m == nil {
		m = &ModelTally{}
		t.Models[name] = m
	}
	return m
}

// Merge adds o to t. It may keep parts of o, which must not be used any more.
func (t *Tally) Merge(o *Tally) {
	for name, m := range o.Models {
		t.Model(name).merge(m)
	}
}

// Planned is how many exchanges were met, of all models. The tally can't know
// how many there should have been: hold it against the plan.
func (t *Tally) Planned() (n int64) {
	for _, m := range t.Models {
		n += m.Planned
	}
	return n
}

// Total adds up the outcomes. It equals Planned, or something was lost.
func (m *ModelTally) Total() int64 {
	return m.Judged() + m.Missing + sum(m.Unavailable) + sum(m.Undecided) + sum(m.Skipped)
}

// Judged counts the exchanges whose two answers were compared.
func (m *ModelTally) Judged() int64 { return m.Match + m.Noise + m.Mismatch }

// Balanced says whether there are as many outcomes as exchanges planned.
func (m *ModelTally) Balanced() bool { return m.Planned == m.Total() }

func sum(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func (m *ModelTally) merge(o *ModelTally) {
	m.First, m.Last = earlier(m.First, o.First), max(m.Last, o.Last)
	m.Planned += o.Planned
	m.Match += o.Match
	m.Noise += o.Noise
	m.Mismatch += o.Mismatch
	m.Missing += o.Missing
	m.Reformatted += o.Reformatted
	m.Folded += o.Folded
	addCounts(&m.Unavailable, o.Unavailable)
	addCounts(&m.Undecided, o.Undecided)
	addCounts(&m.Skipped, o.Skipped)
	addCounts(&m.Ignored, o.Ignored)
	m.Requests.Union(o.Requests)
	m.Mismatched.Union(o.Mismatched)
	m.ReferenceLatency.Merge(o.ReferenceLatency)
	m.CandidateLatency.Merge(o.CandidateLatency)
	for name, s := range o.Signatures {
		m.Signature(name, s.Path, s.Kind).merge(s)
	}
	m.Trim()
}

// earlier is the smaller of two times of which 0 means unknown.
func earlier(a, b exchange.Timestamp) exchange.Timestamp {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Signature returns the counts of one signature, new ones where there are none.
func (m *ModelTally) Signature(name, path string, kind Kind) *SignatureTally {
	s := m.Signatures[name]
	if s == nil {
		if m.Signatures == nil {
			m.Signatures = map[string]*SignatureTally{}
		}
		s = &SignatureTally{Path: path, Kind: kind}
		m.Signatures[name] = s
	}
	return s
}

// Trim folds the signatures past MaxSignatures. A signature that is among the
// lowest hashes of a union is among the lowest of every part of it, so folding
// early or late gives the same.
func (m *ModelTally) Trim() {
	if len(m.Signatures) <= MaxSignatures {
		return
	}
	names := slices.SortedFunc(maps.Keys(m.Signatures), func(a, b string) int {
		return cmp.Or(cmp.Compare(hashString(a), hashString(b)), cmp.Compare(a, b))
	})
	for _, name := range names[MaxSignatures:] {
		m.Folded += m.Signatures[name].Deltas
		delete(m.Signatures, name)
	}
}

func hashString(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

func (s *SignatureTally) merge(o *SignatureTally) {
	s.Deltas += o.Deltas
	s.Exchanges += o.Exchanges
	s.Errors.Merge(o.Errors)
	for _, e := range o.Exemplars {
		s.Exemplify(e)
	}
}

// Exemplify offers an exemplar; those with the lowest hashes stay. The literals
// are part of the order, so that the same stay even where an id is repeated.
func (s *SignatureTally) Exemplify(e Exemplar) {
	order := func(a, b Exemplar) int {
		return cmp.Or(
			cmp.Compare(hashString(string(a.ID[:])), hashString(string(b.ID[:]))), slices.Compare(a.ID[:], b.ID[:]),
			cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Candidate, b.Candidate))
	}
	at, found := slices.BinarySearchFunc(s.Exemplars, e, order)
	if found || at == MaxExemplars {
		return
	}
	s.Exemplars = slices.Insert(s.Exemplars, at, e)
	s.Exemplars = s.Exemplars[:min(len(s.Exemplars), MaxExemplars)]
}

func addCounts(dst *map[string]int64, src map[string]int64) {
	for k, n := range src {
		Count(dst, k, n)
	}
}

// Count adds n under the key, making the map where there is none.
func Count(counts *map[string]int64, key string, n int64) {
	if *counts == nil {
		*counts = map[string]int64{}
	}
	(*counts)[key] += n
}
