package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// Version is the evidence against one version of the old model.
type Version struct {
	Version    string    `json:"version"` // "" where the recording does not know it
	Exchanges  int64     `json:"exchanges"`
	Requests   int64     `json:"requests"`
	Mismatched int64     `json:"mismatched_requests"`
	Excused    int64     `json:"excused_requests,omitempty"`
	Effective  float64   `json:"effective_requests"` // see Model.Effective
	Rate       float64   `json:"rate"`
	Lower      float64   `json:"lower"`
	Upper      float64   `json:"upper"`
	First      time.Time `json:"first,omitzero"`
	Last       time.Time `json:"last,omitzero"`
	// Ended says that the old system no longer answers with this version, so
	// that it does not decide.
	Ended bool `json:"ended,omitempty"`

	bounds []Bound
	lately bool // it was last seen within mayReturn of the end
}

// mayReturn is how long a version that answers in bursts may be away, as for a batch
// every night. Until it is missed for longer, its mismatches stand in the way of a
// PASS.
const mayReturn = 24 * time.Hour

// endedAfter is how many exchanges a version must be missed by, at the pace it
// had from its first to its last one, to have ended. By chance a version that
// still answers misses as many once in e^20 times, if its exchanges come evenly.
const endedAfter = 20

// weighVersions gives the model the verdict of the version seen last, or the
// worst where several still answer, of equal ones that with the weakest evidence: a
// candidate that agrees with only one of two can't replace them. Versions that ended decide nothing, because the old
// system does not answer so any more, but for a PASS: see stays.
//
// That it passes against each is shown by the weakest evidence of all (Berger,
// "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24
// (1982), 295–300).
func (m *Model) weighVersions(t *compare.ModelTally, l limits, x modelExcuses) {
	all := newVersions(t, l, x)
	if len(all) == 0 {
		all = []Version{newVersion("", &compare.Evidence{}, l, 0, x)}
	}
	if len(all) > 1 {
		m.Versions = all
	}
	var worst *Model
	weakest := 0.0
	for _, v := range slices.Backward(all) { // of what is as weak the last stays
		if v.Ended {
			continue
		}
		against := *m
		against.use(v)
		against.decide()
		against.Reason = againstWhat(v, all) + against.Reason
		weakest = max(weakest, against.PValue)
		if worst == nil || cmp.Or(cmp.Compare(severity[worst.Verdict], severity[against.Verdict]), cmp.Compare(against.PValue, worst.PValue)) > 0 {
			worst = &against
		}
	}
	*m = *worst
	m.PValue = weakest
	m.stays(all)
}

// stays takes a PASS back where the candidate differs from a version that has ended
// by its pace, and was seen too lately to be sure: a PASS must be evidence.
func (m *Model) stays(all []Version) {
	for _, v := range all {
		i := slices.IndexFunc(v.bounds, func(b Bound) bool { return b.Mismatched > 0 && b.Rate > b.Budget })
		if m.Verdict != Pass || !v.Ended || !v.lately || i < 0 {
			continue
		}
		against := *m
		against.use(v)
		m.Verdict, m.PValue = Inconclusive, 1
		m.Reason = fmt.Sprintf("Version %s was last seen %s, less than a day before the end, so that it may answer again: %s, beyond %s. "+
			"Record for longer, or judge only what came since (replay --since). ",
			versionName(v.Version), v.Last.Format(timeLayout), against.differ(v.bounds[i]), v.bounds[i].name()) + m.Reason
	}
}

// againstWhat says which of several versions the verdict rests on.
func againstWhat(v Version, all []Version) string {
	switch {
	case len(all) == 1:
		return ""
	case v.Version == all[len(all)-1].Version:
		return fmt.Sprintf("Judged against version %s, seen last. ", versionName(v.Version))
	}
	if v.First.Equal(v.Last) && !v.Last.IsZero() {
		return fmt.Sprintf("Judged against version %s, which may still answer. ", versionName(v.Version))
	}
	return fmt.Sprintf("Judged against version %s, which still answers. ", versionName(v.Version))
}

func versionName(v string) string {
	if v == "" {
		return "(unknown)"
	}
	return visible(v)
}

// use makes the evidence on a version the model's.
func (m *Model) use(v Version) {
	m.Requests, m.Mismatched, m.Rate, m.Lower, m.Upper = v.Requests, v.Mismatched, v.Rate, v.Lower, v.Upper
	m.Version, m.Excused, m.Effective, m.bounds, m.Budgets = v.Version, v.Excused, v.Effective, v.bounds, v.bounds[1:]
}

// newVersions lists the evidence by the time it was last seen.
func newVersions(t *compare.ModelTally, l limits, x modelExcuses) []Version {
	evidence := t.Versions
	names := slices.SortedFunc(maps.Keys(evidence), func(a, b string) int {
		return cmp.Or(cmp.Compare(evidence[a].Last, evidence[b].Last), cmp.Compare(evidence[a].First, evidence[b].First), cmp.Compare(a, b))
	})
	var list []Version
	end := lastSeen(t)
	for _, name := range names {
		v := newVersion(name, evidence[name], l, t.Rarest, x)
		v.Ended = ended(evidence[name], end)
		v.lately = max(t.Last, end)-evidence[name].Last <= exchange.Timestamp(mayReturn.Microseconds())
		list = append(list, v)
	}
	return list
}

func newVersion(name string, e *compare.Evidence, l limits, rarest int, x modelExcuses) Version {
	requests := e.Requests()
	bounds, n := boundsOf(name, e, &requests, l, rarest, x), weight(e.Weigh(&requests), rarest)
	for i := range bounds {
		bounds[i].Lower = round(lower(bounds[i].k, n, l.failing()))
	}
	all := bounds[0]
	return Version{
		Version: name, Exchanges: e.Exchanges, Requests: requests.Len(), Mismatched: all.Mismatched, Excused: x.excused(e, all.Mismatched),
		Effective: round(n), Rate: all.Rate, Lower: all.Lower, Upper: all.Upper,
		First: moment(e.First), Last: moment(e.Last), bounds: bounds,
	}
}

// live counts the versions that decide.
func live(t *compare.ModelTally) (n int) {
	end := lastSeen(t)
	for _, e := range t.Versions {
		if !ended(e, end) {
			n++
		}
	}
	return n
}

// lastSeen is when the version seen last was.
func lastSeen(t *compare.ModelTally) (end exchange.Timestamp) {
	for _, e := range t.Versions {
		end = max(end, e.Last)
	}
	return end
}

// ended says whether a version is missed by endedAfter exchanges at the end. One
// that was seen at one moment has no pace.
func ended(e *compare.Evidence, end exchange.Timestamp) bool {
	if e.First == e.Last {
		return e.Last != 0 && end-e.Last > exchange.Timestamp(mayReturn.Microseconds())
	}
	return e.Last != 0 && float64(e.Exchanges)*float64(end-e.Last) > endedAfter*float64(e.Last-e.First)
}
