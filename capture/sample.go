package capture

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// Sample is how much of a model's exchanges is recorded. The zero value is all.
type Sample struct {
	// Share is that of the requests, above 0 and at most 1, by a hash of the request:
	// the same request is always in, or always out.
	Share float64
	// PerMinute is about how many are recorded a minute, whatever comes: a rare model
	// whole, a busy one cheaply. Exactly one of the two is set.
	PerMinute int64
}

// ParseSample reads a share, as in 10% or 0.1, or a number a minute, as in 600/m.
func ParseSample(text string) (Sample, error) {
	bad := fmt.Errorf("sample %q: write a share of the requests, as in 10%%, or a number a minute, as in 600/m", text)
	if number, ok := strings.CutSuffix(text, "/m"); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 1 {
			return Sample{}, bad
		}
		return Sample{PerMinute: n}, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return Sample{}, bad
	}
	return Sample{Share: share}, nil
}

// Sampling is what is recorded of which models: All of those that no glob of Models
// matches. At most one glob may match any one model.
type Sampling struct {
	All    Sample
	Models map[string]Sample
}

func (s *Sampling) none() bool { return s.All == (Sample{}) && len(s.Models) == 0 }

// Validate names what makes no sense.
func (s *Sampling) Validate() error {
	globs := slices.Sorted(maps.Keys(s.Models))
	for i, glob := range globs {
		if glob == "" {
			return errors.New("sample: a glob is empty")
		}
		for _, other := range globs[:i] {
			if exchange.GlobsOverlap(glob, other) {
				return fmt.Errorf("sample: %q and %q can both match one model; make them exclude each other", other, glob)
			}
		}
	}
	return nil
}

func (s *Sampling) of(model string) Sample {
	for glob, sample := range s.Models {
		if exchange.Glob(glob, model) {
			return sample
		}
	}
	return s.All
}

// errSampledOut is that an exchange is left out on purpose.
var errSampledOut = errors.New("sampled out")

// sampler decides what is recorded. It belongs to one goroutine.
type sampler struct {
	*Sampling
	models map[string]*sampled
}

// sampled is a model's.
type sampled struct {
	Sample
	minute int64   // that is counted, since 1970
	seen   int64   // in it
	kept   int64   // of these
	share  float64 // that is taken now
	step   int64   // kept so many, the share halves
}

func newSampler(s *Sampling) *sampler {
	if s.none() {
		return nil
	}
	return &sampler{Sampling: s, models: map[string]*sampled{}}
}

// take says whether e is recorded, and in e how probable that was: given what came
// before, exactly the share that is in force, so that weighing by its inverse is
// unbiased (Horvitz and Thompson 1952).
func (s *sampler) take(e *exchange.Exchange) bool {
	if s == nil {
		return true
	}
	m := s.models[e.Model]
	if m == nil {
		m = &sampled{Sample: s.of(e.Model), share: 1}
		m.step = m.PerMinute
		s.models[e.Model] = m
	}
	switch {
	case m.Share > 0:
		if float64(spread(uint64(exchange.HashRequest(e)))) >= m.Share*(1<<63)*2 {
			return false
		}
		e.SamplingProbability *= m.Share
		return true
	case m.PerMinute > 0:
		return m.perMinute(e)
	}
	return true
}

// perMinute takes a share that follows from the minute before. Where traffic jumps
// it halves with each so many that are kept, so that about twice PerMinute are.
func (m *sampled) perMinute(e *exchange.Exchange) bool {
	if minute := int64(e.Time) / time.Minute.Microseconds(); minute > m.minute {
		m.share = 1
		if minute == m.minute+1 && m.seen > m.PerMinute {
			m.share = float64(m.PerMinute) / float64(m.seen)
		}
		m.minute, m.seen, m.kept, m.step = minute, 0, 0, m.PerMinute+m.PerMinute/4
	}
	m.seen++
	if rand.Float64() >= m.share {
		return false
	}
	e.SamplingProbability *= m.share
	if m.kept++; m.kept >= m.step {
		m.share /= 2
		m.step += max(1, m.PerMinute/8)
	}
	return true
}

// spread is another hash of a hash: replay's --sample and select's --limit go by the
// request's own, and would take all or nothing of what is left by it. (The finalizer
// of MurmurHash3.)
func spread(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// byModel counts by model. It may be read while somebody adds.
type byModel struct {
	mu sync.Mutex
	n  map[string]int64
}

func (b *byModel) add(model string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == nil {
		b.n = map[string]int64{}
	}
	b.n[model]++
}

// SampledOut counts by model what was left out on purpose since New.
func (s *Sidecar) SampledOut() map[string]int64 {
	s.sampledOut.mu.Lock()
	defer s.sampledOut.mu.Unlock()
	return maps.Clone(s.sampledOut.n)
}
