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
	// RepeatsSampled says that Unstable and Restless are of 1 in 2^RepeatsSampled of
	// the repeated requests: there are more than can be told apart.
	RepeatsSampled int `json:"repeats_sampled,omitempty"`
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
	// Unjudged has examples of the three above, by outcome and reason
	// ("undecided candidate_unreadable"): bottom-k by hash of the id, with what is
	// wrong with a side, in words, in the place of its literal.
	Unjudged map[string][]Exemplar `json:"unjudged,omitempty"`

	// Redacted counts the mismatches of which capture hid something, by of what:
	// "request", "answer" or "both". Tallies of before it was added lack it.
	Redacted map[string]int64 `json:"redacted,omitempty"`

	// Kept counts the mismatches that the mismatch set has: all, unless it is bounded.
	Kept int64 `json:"kept,omitempty"`
	// Reformatted counts the matches whose bytes differ: in their format, within
	// the tolerance, or where a rule ignores it.
	Reformatted int64 `json:"reformatted"`
	// NaNs counts the pairs of NaN that were held equal.
	NaNs int64 `json:"nans,omitempty"`
	// Hits counts how often each rule changed what would have been said without
	// it, by its path and what it says: "$.took_ms ignore".
	Hits map[string]int64 `json:"hits,omitempty"`

	// Evidence is by the reference's model version, "" where none is known.
	Versions map[string]*Evidence `json:"versions,omitempty"`

	// Unstable holds the requests that the candidate answered in several ways
	// where the old system did not, and Restless those that the old system did: see
	// Judge.Unstable. Splits' tallies have neither.
	Unstable HashSet `json:"unstable,omitzero"`
	Restless HashSet `json:"restless,omitzero"`

	// Rarest is the highest WeightClass of the exchanges planned.
	Rarest int `json:"rarest,omitempty"`

	// Recheck is what sending again showed; 0 where nothing was.
	Recheck Recheck `json:"recheck,omitzero"`

	// Decided counts the decisions that were compared, Flips the exchanges with
	// one that differs, Drifted the mismatches with none. Confusion counts
	// decisions by what the reference decides and what the candidate does; at
	// most MaxConfusion pairs, the rest in ConfusionFolded.
	Decided         int64                       `json:"decided,omitempty"`
	Flips           int64                       `json:"flips,omitempty"`
	Drifted         int64                       `json:"drifted,omitempty"`
	NoDecision      int64                       `json:"no_decision,omitempty"` // exchanges in which neither side has one, or that were not compared for their status
	Confusion       map[string]map[string]int64 `json:"confusion,omitempty"`
	ConfusionFolded int64                       `json:"confusion_folded,omitempty"`

	// Signatures holds the deltas by signature ("$.scores[*].value number"), at
	// most MaxSignatures of them; Folded counts the deltas of those that had no
	// place.
	Signatures map[string]*SignatureTally `json:"signatures,omitempty"`
	Folded     int64                      `json:"folded,omitempty"`

	// The latencies of the exchanges that were decided, as far as they are known.
	ReferenceLatency Histogram `json:"reference_latency_us,omitempty"`
	CandidateLatency Histogram `json:"candidate_latency_us,omitempty"`

	First    exchange.Timestamp `json:"first"` // of the exchanges planned
	Last     exchange.Timestamp `json:"last"`
	Timeline Timeline           `json:"timeline,omitzero"` // of those that were decided
}

// SignatureTally counts the deltas of one kind at one path, array indices folded.
type SignatureTally struct {
	Path      string             `json:"path"`
	Kind      Kind               `json:"kind"`
	Deltas    int64              `json:"deltas"`
	Exchanges int64              `json:"exchanges"`            // that have at least one such delta
	Noise     int64              `json:"noise,omitempty"`      // of these, where all such deltas are noise
	Errors    Histogram          `json:"errors,omitempty"`     // absolute errors of number deltas
	RelErrors Histogram          `json:"rel_errors,omitempty"` // relative ones
	MaxAbs    float64            `json:"max_abs,omitempty"`    // the largest of each
	MaxRel    float64            `json:"max_rel,omitempty"`
	First     exchange.Timestamp `json:"first"` // of the exchanges with such a delta
	Last      exchange.Timestamp `json:"last"`
	Exemplars []Exemplar         `json:"exemplars"` // bottom-k by hash of the id
}

// Exemplar is one exchange that shows a signature, or why there is no verdict.
type Exemplar struct {
	ID        exchange.ID `json:"id"`
	Reference string      `json:"reference"` // the literals of its first such delta, cut for display
	Candidate string      `json:"candidate"`
}

// MaxSignatures is how many signatures a model keeps; which ones follows from
// a hash, so that shards agree. MaxExemplars is the same for a signature,
// MaxConfusion for the pairs of decisions.
const (
	MaxSignatures = 256
	MaxExemplars  = 5
	MaxConfusion  = 1024
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
	t.RepeatsSampled = max(t.RepeatsSampled, o.RepeatsSampled)
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
	m.Rarest = max(m.Rarest, o.Rarest)
	m.Match += o.Match
	m.Noise += o.Noise
	m.Mismatch += o.Mismatch
	m.Missing += o.Missing
	m.Reformatted += o.Reformatted
	m.Folded += o.Folded
	addCounts(&m.Unavailable, o.Unavailable)
	addCounts(&m.Undecided, o.Undecided)
	addCounts(&m.Skipped, o.Skipped)
	addCounts(&m.Hits, o.Hits)
	addCounts(&m.Redacted, o.Redacted)
	for name, list := range o.Unjudged {
		if m.Unjudged == nil {
			m.Unjudged = map[string][]Exemplar{}
		}
		for _, e := range list {
			m.Unjudged[name] = exemplify(m.Unjudged[name], e)
		}
	}
	m.Kept += o.Kept
	m.NaNs += o.NaNs
	m.Decided += o.Decided
	m.Flips += o.Flips
	m.Drifted += o.Drifted
	m.NoDecision += o.NoDecision
	m.ConfusionFolded += o.ConfusionFolded
	for from, row := range o.Confusion {
		for to, n := range row {
			m.confuse(from, to, n)
		}
	}
	m.Unstable.Union(o.Unstable)
	m.Restless.Union(o.Restless)
	m.Recheck.merge(o.Recheck)
	for version, e := range o.Versions {
		m.version(version).merge(e)
	}
	m.ReferenceLatency.Merge(o.ReferenceLatency)
	m.CandidateLatency.Merge(o.CandidateLatency)
	m.Timeline.merge(o.Timeline)
	for name, s := range o.Signatures {
		m.Signature(name, s.Path, s.Kind).merge(s)
	}
	m.Trim()
}

// version returns the evidence on one version, new where there is none.
func (m *ModelTally) version(name string) *Evidence {
	e := m.Versions[name]
	if e == nil {
		if m.Versions == nil {
			m.Versions = map[string]*Evidence{}
		}
		e = &Evidence{}
		m.Versions[name] = e
	}
	return e
}

// Requests counts the distinct requests that were judged, and those with a
// mismatch among their repeats, of all versions.
func (m *ModelTally) Requests() (judged, mismatched int64) {
	var all, bad HashSet
	for _, e := range m.Versions {
		all.Union(e.Requests())
		bad.Union(e.Mismatched.All())
	}
	return all.Len(), bad.Len()
}

// confuse counts decisions.
func (m *ModelTally) confuse(from, to string, n int64) {
	if m.Confusion == nil {
		m.Confusion = map[string]map[string]int64{}
	}
	if m.Confusion[from] == nil {
		m.Confusion[from] = map[string]int64{}
	}
	m.Confusion[from][to] += n
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

// overfull says that it is time to Trim.
func (m *ModelTally) overfull() bool {
	if len(m.Signatures) > 2*MaxSignatures || len(m.Confusion) > 2*MaxConfusion {
		return true
	}
	for _, e := range m.Versions {
		if len(e.Mismatched) > 3*MaxCombinations || len(e.Rechecked) > 3*MaxCombinations {
			return true
		}
	}
	return false
}

// Trim folds the signatures past MaxSignatures. A signature that is among the
// lowest hashes of a union is among the lowest of every part of it, so folding
// early or late gives the same.
func (m *ModelTally) Trim() {
	m.trimConfusion()
	for _, e := range m.Versions {
		e.Mismatched.trim()
		e.Rechecked.trim()
	}
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

// trimConfusion folds the pairs of decisions past MaxConfusion in the same way:
// a decision that is different in every answer must not fill the memory.
func (m *ModelTally) trimConfusion() {
	type pair struct{ from, to string }
	var pairs []pair
	for from, row := range m.Confusion {
		for to := range row {
			pairs = append(pairs, pair{from, to})
		}
	}
	if len(pairs) <= MaxConfusion {
		return
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(hashString(a.from+"\x00"+a.to), hashString(b.from+"\x00"+b.to)), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	for _, p := range pairs[MaxConfusion:] {
		m.ConfusionFolded += m.Confusion[p.from][p.to]
		delete(m.Confusion[p.from], p.to)
		if len(m.Confusion[p.from]) == 0 {
			delete(m.Confusion, p.from)
		}
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
	s.Noise += o.Noise
	s.Errors.Merge(o.Errors)
	s.RelErrors.Merge(o.RelErrors)
	s.MaxAbs, s.MaxRel = max(s.MaxAbs, o.MaxAbs), max(s.MaxRel, o.MaxRel)
	s.First, s.Last = earlier(s.First, o.First), max(s.Last, o.Last)
	for _, e := range o.Exemplars {
		s.Exemplify(e)
	}
}

// Exemplify offers an exemplar; those with the lowest hashes stay.
func (s *SignatureTally) Exemplify(e Exemplar) { s.Exemplars = exemplify(s.Exemplars, e) }

// exemplify puts e among the exemplars with the lowest hashes, if it is of them.
// The literals are part of the order, so that the same stay even where an id is
// repeated.
func exemplify(list []Exemplar, e Exemplar) []Exemplar {
	order := func(a, b Exemplar) int {
		return cmp.Or(
			cmp.Compare(hashString(string(a.ID[:])), hashString(string(b.ID[:]))), slices.Compare(a.ID[:], b.ID[:]),
			cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Candidate, b.Candidate))
	}
	at, found := slices.BinarySearchFunc(list, e, order)
	if found || at == MaxExemplars {
		return list
	}
	list = slices.Insert(list, at, e)
	return list[:min(len(list), MaxExemplars)]
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
