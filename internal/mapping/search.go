package mapping

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// maxSearch is what trying a regular expression out may take; gojq then takes
// half as much again.
const maxSearch = 500 * time.Millisecond

// searcher tries regular expressions out. gojq finds all matches in one go, and
// one that looks far ahead for each (\d+%|\d) is quadratic in the text: a minute
// and a half on 64 KiB. So the number of matches is doubled until there are no
// more, with a look at the clock in between. What gojq then does with them is
// quadratic too: it counts the characters before each.
func (b *budget) searcher() guard {
	compiled := map[[2]string]*regexp.Regexp{}
	return func(v any, args []any) error {
		text, ok := v.(string)
		pattern, _ := args[0].(string)
		flags, _ := args[1].(string)
		if !ok {
			return nil
		}
		key := [2]string{pattern, flags}
		if compiled[key] == nil {
			// As gojq does; check has compiled it before.
			compiled[key] = regexp.MustCompile(strings.NewReplacer("g", "", "i", "(?i)", "m", "(?s)").Replace(flags) + pattern)
		}
		return b.search(compiled[key], text, strings.Contains(flags, "g"))
	}
}

func (b *budget) search(re *regexp.Regexp, text string, all bool) error {
	if !all {
		return b.spend(len(text) / 4)
	}
	for begin, n := time.Now(), 1; ; n *= 2 {
		found := len(re.FindAllStringIndex(text, n))
		if time.Since(begin) > maxSearch {
			return b.fail(fmt.Errorf("%w: finding all of %s in %d bytes takes more than %s", ErrTimeout, cut(re.String()), len(text), maxSearch))
		}
		if found < n {
			return b.spend(len(text)/4 + found*(1+re.NumSubexp())*len(text)/64)
		}
	}
}
