package report

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/modelparity/parity/compare"
)

// ruleset is the rules as applied, for the page.
type ruleset struct {
	Lines []ruleLine
	JSON  []string // all of them, indented, by line
}

// ruleLine is what is said of one path.
type ruleLine struct {
	Models string // the glob; "" for all
	Path   string // "number" and "decision" of what holds for all, and what a mapping is of
	Says   string // as JSON
	Counts bool   // its hits are counted
	Hits   int64  // of all models
}

// newRuleset lists the rules; nil where there are none.
func newRuleset(rules compare.Rules, info *Info, models []Model) *ruleset {
	if len(info.Rules) == 0 {
		return nil
	}
	hits := map[string]int64{} // by path
	for _, m := range models {
		for rule, n := range m.Hits {
			hits[strings.TrimSuffix(rule, " "+aspectOf(rule))] += n
		}
	}
	s := &ruleset{JSON: indented(info.Rules)}
	s.addMapping(info.Mapping)
	s.add("", compare.ModelRules{Number: rules.Number, Paths: rules.Paths, Decision: rules.Decision}, hits)
	for _, glob := range sortedKeys(rules.Models) {
		s.add(glob, rules.Models[glob], hits)
	}
	return s
}

// addMapping lists what is made of the candidate's answers before any rule: it
// can hide as much as one.
func (s *ruleset) addMapping(raw json.RawMessage) {
	const place = "the candidate's answers, mapped by jq"
	var set struct {
		Program string
		Models  map[string]string
	}
	if len(raw) == 0 || json.Unmarshal(raw, &set) != nil {
		return
	}
	if set.Program != "" {
		s.Lines = append(s.Lines, ruleLine{Path: place, Says: set.Program})
	}
	for _, glob := range sortedKeys(set.Models) {
		s.Lines = append(s.Lines, ruleLine{Models: glob, Path: place, Says: set.Models[glob]})
	}
}

func (s *ruleset) add(glob string, m compare.ModelRules, hits map[string]int64) {
	if m.Number != nil {
		s.Lines = append(s.Lines, ruleLine{Models: glob, Path: "number", Says: inside(m.Number)})
	}
	if m.Decision != nil {
		s.Lines = append(s.Lines, ruleLine{Models: glob, Path: "decision", Says: inside(m.Decision)})
	}
	for _, r := range m.Paths {
		line := ruleLine{Models: glob, Path: r.Path, Counts: true, Hits: hits[r.Path]}
		r.Path = ""
		line.Says = strings.TrimPrefix(inside(r), `"path":"",`)
		s.Lines = append(s.Lines, line)
	}
}

// inside is a struct as JSON without its braces.
func inside(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "" // an infinity, which rules don't have
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(text), "{"), "}")
}

func indented(raw json.RawMessage) []string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return []string{string(raw)} // shown as it is: a reader can see what is wrong with it
	}
	return strings.Split(b.String(), "\n")
}
