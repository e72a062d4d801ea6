package compare

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// mostly is the part of the pairs on which a volatile field differs, in percent.
const mostly = 90

// shapes are what volatile texts look like. A rule with a pattern still finds a
// field that is broken.
var shapes = []shape{
	newShape("UUIDs", `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`),
	newShape("ULIDs", `[0-7][0-9A-HJKMNP-TV-Z]{25}`),
	newShape("times as in RFC 3339", `[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?`),
	newShape("times as in HTTP", `[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT`),
	newShape("durations", `[0-9]+([.][0-9]+)? ?(ns|us|µs|μs|ms|s|sec|min)`),
}

var hexID = regexp.MustCompile(`\A([0-9a-f]{16,}|[0-9A-F]{16,})\z`)

type shape struct {
	name, pattern string
	whole         *regexp.Regexp
}

func newShape(name, pattern string) shape {
	return shape{name, pattern, regexp.MustCompile(`\A(` + pattern + `)\z`)}
}

// volatile proposes to pass over a field that is new in every answer: that
// differs on nearly all pairs and looks it, by its values or by its name.
func volatile(s *SignatureTally, m *ModelTally) (proposal, bool) {
	if s.Exchanges*100 < m.Judged()*mostly {
		return proposal{}, false
	}
	looks, rule := looksLike(s, m)
	if looks == "" {
		return proposal{}, false
	}
	return proposal{rule: rule, why: counted(s) + ": " + looks + ", as " + pairOf(s)}, true
}

func looksLike(s *SignatureTally, m *ModelTally) (string, PathRule) {
	ignore := PathRule{Ignore: true}
	name := lastName(s.Path)
	switch {
	case allTexts(s, func(text string) bool { return isEpoch(text, m) }):
		return "times since 1970", ignore
	case s.Kind == KindString:
		for _, shape := range shapes {
			if allTexts(s, shape.whole.MatchString) {
				return shape.name, PathRule{Pattern: shape.pattern}
			}
		}
		if allTexts(s, hexID.MatchString) {
			return "hexadecimal ids", PathRule{Pattern: hexPattern(s)}
		}
	case isDuration(name) && quantile(s.RelErrors, 0.5) > tooLarge:
		return "a duration by its name", ignore
	}
	if isID(name) {
		return "an id by its name", ignore
	}
	return "", PathRule{}
}

// allTexts asks of both sides of all exemplars.
func allTexts(s *SignatureTally, ok func(string) bool) bool {
	return all(s, func(e Exemplar) bool {
		a, okA := textOf(e.Reference)
		b, okB := textOf(e.Candidate)
		return okA && okB && ok(a) && ok(b)
	})
}

// hexPattern asks for a length if all have the same.
func hexPattern(s *SignatureTally) string {
	first, _ := textOf(s.Exemplars[0].Reference)
	if allTexts(s, func(text string) bool { return len(text) == len(first) }) {
		return fmt.Sprintf("[0-9a-fA-F]{%d}", len(first))
	}
	return "[0-9a-fA-F]{16,}"
}

// isEpoch says whether a number is a time in seconds, ms, µs or ns since 1970,
// from a year before the model's exchanges to ten years after, when they may
// have been replayed.
func isEpoch(text string, m *ModelTally) bool {
	const year = 365.25 * 24 * 3600
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || m.First == 0 {
		return false
	}
	from, to := float64(m.First)/1e6-year, float64(m.Last)/1e6+10*year
	return slices.ContainsFunc([]float64{1, 1e3, 1e6, 1e9}, func(unit float64) bool { return from <= v/unit && v/unit <= to })
}

// lastName is the name that a path ends with, array indices aside.
func lastName(path string) string {
	p, _ := parsePath(path)
	for _, s := range slices.Backward(p) {
		if s.kind == byName {
			return s.name
		}
	}
	return ""
}

var durationName = regexp.MustCompile(`(^|_)(took|elapsed|latency|duration|runtime|timing)(_|$)|(^|_)(ns|us|ms|sec|secs|seconds|millis|milliseconds|micros|microseconds|nanos|nanoseconds|time)$`)

func isDuration(name string) bool { return durationName.MatchString(snake(name)) }

var idName = regexp.MustCompile(`^(x_)?((amzn?|request|req|response|resp|trace|span|correlation|transaction|txn|session|message|msg|prediction|inference|invocation|event|job|run|call|log|root)_?)*(id|uuid|guid|ulid|nonce|traceparent)$`)

func isID(name string) bool { return idName.MatchString(snake(name)) }

// snake spells requestId, Request-ID and request.id as request_id.
func snake(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte('_')
		case unicode.IsUpper(r) && lower:
			b.WriteByte('_')
			fallthrough
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		lower = unicode.IsLower(r) || unicode.IsDigit(r)
	}
	return b.String()
}
