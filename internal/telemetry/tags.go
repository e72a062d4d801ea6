package telemetry

import (
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxTag is the length of a tag, key and colon included, in characters, past
// which Datadog cuts it.
const maxTag = 200

// cleanTag makes of key:value a tag that every receiver reads alike. Model names
// come from outside: a comma would begin another tag, a line feed another metric.
//
//   - Datadog keeps letters, digits and _-:./ and makes underscores of the rest,
//     and so do we. (It also folds upper case; that is left to it.)
//   - A tag that is too long ends in a checksum of its value, so that two long
//     names with the same beginning stay two series.
//   - An empty value becomes "none": receivers drop such tags or the whole line.
func cleanTag(tag string) string {
	key, value, _ := strings.Cut(tag, ":")
	clean := strings.Map(cleanRune, value)
	if room := maxTag - len(key) - 1; utf8.RuneCountInString(clean) > room {
		sum := fmt.Sprintf("-%08x", crc32.ChecksumIEEE([]byte(value)))
		clean = string([]rune(clean)[:room-len(sum)]) + sum
	}
	if clean == "" {
		clean = "none"
	}
	return key + ":" + clean
}

func cleanRune(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-:./", r) {
		return r
	}
	return '_' // bytes that are no UTF-8 end here too
}

func cleanTags(tags []string) []string {
	clean := make([]string, len(tags))
	for i, tag := range tags {
		clean[i] = cleanTag(tag)
	}
	return clean
}

// Cardinality bounds how many values a tag has, and with them how many series a
// receiver has to keep (and bill). It may be used by several goroutines.
type Cardinality struct {
	Max int // 0 means that there is no bound

	mu   sync.Mutex
	seen map[string]bool
}

// Other is the value that stands for all values past a bound.
const Other = "other"

// Tag returns value for the first Max different values, and Other for every
// value after them. What counts as first is the order of the calls: for the same
// series in every run, show it all values in an order that is always the same
// (sorted, say) before the first is sent.
func (c *Cardinality) Tag(value string) string {
	if c.Max <= 0 {
		return value
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[value] {
		return value
	}
	if len(c.seen) >= c.Max {
		return Other
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[value] = true
	return value
}
