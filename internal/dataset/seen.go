package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// seen is what a recording has of that for which a selection has names, so that it
// can be said where a name is none: a slip in one would send less than was asked for.
type seen struct {
	sel                               *exchange.Selection
	models, versions, signatures, ids map[string]bool
	statuses                          map[int64]bool
	model, version                    string // of the last exchange: the next one's are mostly the same
}

func newSeen(sel *exchange.Selection) *seen {
	return &seen{
		sel: sel, models: map[string]bool{}, versions: map[string]bool{}, signatures: map[string]bool{}, ids: map[string]bool{}, statuses: map[int64]bool{},
	}
}

func (s *seen) add(e *exchange.Exchange, rest *exchange.Rest) {
	if len(s.sel.Models) > 0 && (e.Model != s.model || len(s.models) == 0) {
		s.models[e.Model], s.model = true, e.Model
	}
	if len(s.sel.Versions) > 0 && (e.ModelVersion != s.version || len(s.versions) == 0) {
		s.versions[e.ModelVersion], s.version = true, e.ModelVersion
	}
	if len(s.sel.Statuses) > 0 {
		s.statuses[e.Reference.Status] = true
	}
	if len(s.sel.IDs) > 0 {
		for _, id := range rest.Asked(e) {
			s.ids[id] = true
		}
	}
}

// maxNames is how many names an error lists.
const maxNames = 12

// signature keeps those that are asked for, and the first of the others: a mismatch
// set may have millions.
func (s *seen) signature(signature string) {
	const many = 1000
	if s.signatures[signature] = true; len(s.signatures) < many {
		return
	}
	for i, name := range slices.Sorted(maps.Keys(s.signatures)) {
		if i > maxNames && !slices.Contains(s.sel.Signatures, name) {
			delete(s.signatures, name)
		}
	}
}

func (s *seen) merge(o *seen) {
	maps.Copy(s.models, o.models)
	maps.Copy(s.versions, o.versions)
	maps.Copy(s.ids, o.ids)
	maps.Copy(s.statuses, o.statuses)
	for signature := range o.signatures {
		s.signature(signature)
	}
}

// check names the first name that nothing in the recording has. That there is
// nothing to leave out is as well.
func (s *seen) check(recording string) error {
	for _, signature := range s.sel.Signatures {
		if !s.signatures[signature] {
			return fmt.Errorf("no exchange of %s differs at %q: it has %s; `parity show RUN` lists all signatures", recording, signature, list(s.signatures))
		}
	}
	if glob, ok := unmatched(s.sel.Models, s.models); ok {
		return fmt.Errorf("model %q matches none of %s: its models are %s", glob, recording, list(s.models))
	}
	if glob, ok := unmatched(s.sel.Versions, s.versions); ok {
		return fmt.Errorf("version %q matches none of %s: the versions of its models are %s", glob, recording, list(s.versions))
	}
	lost := map[string]bool{}
	for _, id := range s.sel.IDs {
		if !s.ids[id] {
			lost[id] = true
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("no exchange of %s has the id %s: `parity cat %s` lists ids", recording, list(lost), recording)
	}
	return nil
}

// nothing says that no exchange is selected. Which statuses there are is no name
// that could be wrong, and helps.
func (s *seen) nothing(recording string) error {
	err := fmt.Errorf("no exchange of %s is selected by %s", recording, s.sel)
	if len(s.sel.Statuses) > 0 {
		err = fmt.Errorf("%w: its statuses are %s", err, strings.Trim(fmt.Sprint(slices.Sorted(maps.Keys(s.statuses))), "[]"))
	}
	return err
}

func unmatched(globs []string, names map[string]bool) (glob string, ok bool) {
	for _, glob := range globs {
		if strings.HasPrefix(glob, "!") {
			continue
		}
		found := false
		for name := range names {
			found = found || exchange.Glob(glob, name)
		}
		if !found {
			return glob, true
		}
	}
	return "", false
}

// list is the first of the names, sorted. They come from traffic.
func list(names map[string]bool) string {
	const long = 100
	all := slices.Sorted(maps.Keys(names))
	var texts []string
	for _, name := range all[:min(len(all), maxNames)] {
		text := fmt.Sprintf("%q", name)
		if len(text) > long {
			text = fmt.Sprintf("%.*q…", long/4, name)
		}
		texts = append(texts, text)
	}
	if n := len(all); n > maxNames {
		texts = append(texts, fmt.Sprintf("… (%d in all)", n))
	}
	return strings.Join(texts, ", ")
}
