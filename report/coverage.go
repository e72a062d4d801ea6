package report

import (
	"fmt"
	"slices"
	"strings"
)

// CoverageLimits are the shares of a recording that must be judged, from 0 to
// 100%. What is left out is not asked.
type CoverageLimits struct {
	Models    *Percent `json:"models,omitempty" yaml:"models,omitempty"`       // of its models, those with an exchange that was judged
	Exchanges *Percent `json:"exchanges,omitempty" yaml:"exchanges,omitempty"` // of its exchanges
}

func (c CoverageLimits) validate() error {
	for _, share := range []struct {
		name  string
		value *Percent
	}{{"models", c.Models}, {"exchanges", c.Exchanges}} {
		if p := share.value; p != nil && !(*p >= 0 && *p <= 1) {
			return fmt.Errorf("gate.coverage.%s is %v: allowed is 0%% to 100%%", share.name, *p)
		}
	}
	return nil
}

// Recorded is what a recording holds. The zero value: nothing is known of it.
type Recorded struct {
	Exchanges int64
	Models    []string // nil: not known which
	Why       string   // for people: why something is not known
}

// Coverage is how much of the recording was judged.
type Coverage struct {
	Models    Covered `json:"models"`
	Exchanges Covered `json:"exchanges"`
	// NotJudged are models of which no exchange was judged, by name.
	NotJudged []string `json:"models_not_judged,omitempty"`
	Unknown   string   `json:"unknown,omitempty"` // why not all is known
}

// Covered is a part of what was recorded.
type Covered struct {
	Judged   int64    `json:"judged"`
	Recorded int64    `json:"recorded,omitempty"` // 0: not known
	Share    float64  `json:"share,omitempty"`
	Asked    *float64 `json:"asked,omitempty"` // the lowest share; nil: none
}

func newCoverage(models []Model, r Recorded, asked CoverageLimits) Coverage {
	c := Coverage{Unknown: r.Why}
	judged := map[string]bool{}
	exchanges := int64(0)
	for i := range models {
		if n := models[i].Ledger.judged(); n > 0 {
			exchanges += n
			judged[models[i].Name] = true
		}
	}
	known := int64(len(r.Models))
	for _, name := range slices.Sorted(slices.Values(r.Models)) {
		if !judged[name] {
			c.NotJudged = append(c.NotJudged, name)
		}
	}
	those := int64(len(judged))
	if known > 0 {
		those = known - int64(len(c.NotJudged))
	}
	c.Models = newCovered(those, known, asked.Models)
	c.Exchanges = newCovered(exchanges, r.Exchanges, asked.Exchanges)
	return c
}

func newCovered(judged, recorded int64, asked *Percent) Covered {
	c := Covered{Judged: judged, Recorded: recorded, Share: share(judged, recorded)}
	if asked != nil {
		c.Asked = new(float64(*asked))
	}
	return c
}

// short says that less was judged than is asked, or that nobody knows.
func (c Covered) short() bool {
	return c.Asked != nil && (c.Recorded == 0 || compareShare(c.Judged, c.Recorded, *c.Asked) < 0)
}

// lacks says in sentences which coverage is not what is asked, "" where all is.
func (c Coverage) lacks() (text string) {
	for _, part := range []struct {
		noun string
		Covered
	}{{"model", c.Models}, {"exchange", c.Exchanges}} {
		switch {
		case !part.short():
		case part.Recorded == 0:
			text += fmt.Sprintf(" How many %ss the recording holds is not known (%s), and %s must be judged.", part.noun, c.Unknown, Percent(*part.Asked))
		default:
			text += fmt.Sprintf(" Too little was judged: %s (%s), of which %s must be.",
				of(part.Judged, part.Recorded, part.noun, "of the recording", "of the recording"), percentDown(part.Share), Percent(*part.Asked))
		}
	}
	if len(c.NotJudged) > 0 && c.Models.short() {
		text += fmt.Sprintf(" Nothing was judged of %s.", named(c.NotJudged))
	}
	return text
}

// line is the line "covers  12 of 12 models and 43,957 of 46,368 exchanges (94.8%) of the
// recording", with what is not known left out; "" where nothing is.
func (c Coverage) line() string {
	var parts []string
	for _, part := range []struct {
		noun string
		Covered
	}{{"model", c.Models}, {"exchange", c.Exchanges}} {
		if part.Recorded > 0 {
			parts = append(parts, fmt.Sprintf("%s of %s (%s)", count(part.Judged), plural(part.Recorded, part.noun), percentDown(part.Share)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "covers  " + strings.Join(parts, " and ") + " of the recording\n"
}
