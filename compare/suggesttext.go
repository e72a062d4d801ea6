package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// text is the whole of it: what to know first, the YAML, and what it leaves.
func (a *advice) text() string {
	var b strings.Builder
	var judged, mismatches int64
	for _, m := range a.tally.Models {
		judged, mismatches = judged+m.Judged(), mismatches+m.Mismatch
	}
	fmt.Fprintf(&b, "# Rules suggested by parity compare --suggest. Exchanges judged: %d, %d of them mismatches; models: %d, %d of them with mismatches.\n",
		judged, mismatches, len(a.tally.Models), len(a.models))
	if mismatches == 0 {
		b.WriteString("# There is nothing to suggest.\n")
		return b.String()
	}
	b.WriteString("# Nothing is applied. Each rule hides differences: somebody who knows the models must judge it.\n")
	if !a.yaml(&b) {
		b.WriteString("# No rule is suggested.\n")
	}
	for _, m := range a.models {
		m.remains(&b)
	}
	return b.String()
}

// yaml writes what can be pasted; false if there is nothing.
func (a *advice) yaml(b *strings.Builder) bool {
	models := slices.DeleteFunc(slices.Clone(a.models), func(m *modelAdvice) bool { return len(m.rules) == 0 })
	if len(a.general)+len(models) == 0 {
		return false
	}
	b.WriteString("# Merge it into the config's compare section, in place of what that has for the same paths.\ncompare:\n")
	if len(a.general) > 0 {
		b.WriteString("  rules:\n")
		for _, s := range a.general {
			s.yaml(b, "    ")
		}
	}
	section := "  models:\n"
	for _, m := range models {
		glob, why := a.glob(m.name)
		indent := "      "
		if why != "" {
			indent = "      # "
			fmt.Fprintf(b, "    # model %s: %s\n", visible(m.name), why)
		} else {
			fmt.Fprintf(b, "%s    %s:\n      rules:\n", section, strconv.Quote(glob))
			section = ""
		}
		for _, s := range m.rules {
			s.yaml(b, indent+"  ")
		}
	}
	return true
}

// glob returns one that matches a single model. A name that holds a star has to
// be matched with a question mark, and other names may match that. It says why
// not where there is none: two globs for one model are an error in a config.
func (a *advice) glob(name string) (glob, why string) {
	glob = asGlob(name)
	if strings.ToValidUTF8(name, "") != name {
		return "", "its name is not UTF-8 and can't be written here; match it with a glob that has ? for each odd byte"
	}
	for _, other := range a.names {
		wild := strings.Contains(glob, "?") || strings.ContainsAny(other, "*?")
		if other != name && wild && exchange.GlobsOverlap(glob, asGlob(other)) {
			return "", "a glob that matches it can match " + visible(other) + " too; choose one for both"
		}
	}
	for _, own := range a.in.rules.globs {
		if own != glob && exchange.GlobsOverlap(glob, own) {
			return "", "the config's glob " + visible(own) + " matches it; put there what holds for all of its models"
		}
	}
	return glob, ""
}

func asGlob(name string) string { return strings.ReplaceAll(name, "*", "?") }

func (s *suggestion) yaml(b *strings.Builder, indent string) {
	for _, line := range s.why {
		fmt.Fprintf(b, "%s# %s\n", indent, line)
	}
	fmt.Fprintf(b, "%s- %s\n", indent, s.rule.yaml())
}

// yaml is the rule on a line. Texts are quoted by Go's rules, whose escapes are
// YAML's too for all that is UTF-8.
func (r PathRule) yaml() string {
	parts := []string{"path: " + strconv.Quote(r.Path)}
	add := func(said bool, format string, v ...any) {
		if said {
			parts = append(parts, fmt.Sprintf(format, v...))
		}
	}
	add(r.Ignore, "ignore: true")
	if r.Number != nil {
		parts = append(parts, "number: "+toleranceYAML(*r.Number))
	}
	add(r.Pattern != "", "pattern: %q", r.Pattern)
	add(r.Trim, "trim: true")
	add(r.Unicode != "", "unicode: %s", r.Unicode)
	add(r.Case != "", "case: %s", r.Case)
	add(r.NullAbsent, "null_absent: true")
	add(r.EmptyAbsent, "empty_absent: true")
	add(r.Order != "", "order: %s", r.Order)
	return "{ " + strings.Join(parts, ", ") + " }"
}

func toleranceYAML(t number.Tolerance) string {
	text := "{ abs: " + float(t.Abs) + ", rel: " + float(t.Rel)
	if t.ULPs > 0 {
		text += fmt.Sprintf(", ulps: %d", t.ULPs)
	}
	if t.Decimals {
		text += ", decimals: true"
	}
	if t.NaN != "" {
		text += ", nan: " + t.NaN
	}
	return text + " }"
}

func float(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// remains says what the rules leave of a model's mismatches. An exchange may
// have several signatures, so that the most frequent says how many stay at least.
func (m *modelAdvice) remains(b *strings.Builder) {
	var least int64
	for _, l := range m.left {
		least = max(least, l.exchanges)
	}
	if least > 0 {
		fmt.Fprintf(b, "# model %s: at least %d of %d exchanges would still differ. Not suggested:\n", visible(m.name), least, m.tally.Judged())
	}
	for _, l := range m.left {
		fmt.Fprintf(b, "#   %s %s in %d exchanges, %s: %s; parity show RUN %s\n", visible(l.Path), l.Kind, l.Exchanges, pairOf(l.SignatureTally), visible(l.why), l.Exemplars[0].ID)
		if l.rule != nil {
			fmt.Fprintf(b, "#     - %s\n", l.rule.yaml())
		}
	}
	if m.tally.Folded > 0 {
		fmt.Fprintf(b, "# model %s: %d more deltas are of signatures that were counted together, and not looked at.\n", visible(m.name), m.tally.Folded)
	}
}

// counted says how frequent a signature is.
func counted(s *SignatureTally) string {
	return fmt.Sprintf("%s, %d deltas in %d exchanges", s.Kind, s.Deltas, s.Exchanges)
}

// errorsOf shows what a tolerance is made of.
func errorsOf(s *SignatureTally) string {
	text := "absolute " + quantiles(s.Errors, s.MaxAbs)
	if s.MaxRel > 0 {
		text += "; relative " + quantiles(s.RelErrors, s.MaxRel)
	}
	return text
}

func quantiles(h Histogram, largest float64) string {
	at := func(q float64) float64 { return min(quantile(h, q), largest) }
	return fmt.Sprintf("p50 %.2g, p99 %.2g, max %.2g", at(0.5), at(0.99), largest)
}

// quantile is the upper end of the bucket; 0 where nothing was counted.
func quantile(h Histogram, q float64) float64 {
	bucket, ok := h.Quantile(q)
	if !ok {
		return 0
	}
	_, below := ErrorBounds(bucket)
	return below
}

// pairOf shows the first exemplar.
func pairOf(s *SignatureTally) string {
	e := s.Exemplars[0]
	show := func(literal string) string {
		if literal == "" {
			return "nothing"
		}
		return visible(literal)
	}
	return show(e.Reference) + " → " + show(e.Candidate)
}

// visible spells what a terminal would obey, or what would end a comment, as
// escapes.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
