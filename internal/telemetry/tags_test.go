package telemetry

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Without this, a model's name could cut a line in two or add tags of its own,
// and its numbers would go to no series or to another's.
func TestCleanTag(t *testing.T) {
	for tag, want := range map[string]string{
		"model:sentiment-v2":     "model:sentiment-v2",
		"model:eu/bert:3.1_a":    "model:eu/bert:3.1_a",
		"model:a,kind:b":         "model:a_kind:b",
		"model:a|c|#x":           "model:a_c__x",
		"model:a\nb\r":           "model:a_b_",
		"model:größe-模型":         "model:größe-模型",
		"model:a b\tc\x00":       "model:a_b_c_",
		"model:a\xffb\u200b":     "model:a_b_",
		"model:":                 "model:none",
		"model:A@0.5":            "model:A_0.5",
		"kind:status":            "kind:status",
		"run:s3://bucket/run 1#": "run:s3://bucket/run_1_",
	} {
		if got := cleanTag(tag); got != want {
			t.Errorf("%q became %q, want %q", tag, got, want)
		}
	}
}

// Without this, Datadog would cut long names itself, and two models whose names
// begin alike would be added up as one.
func TestCleanTagShortens(t *testing.T) {
	for _, letter := range []string{"x", "模"} {
		long := strings.Repeat(letter, 300)
		a, b := cleanTag("model:"+long+"a"), cleanTag("model:"+long+"b")
		if a == b {
			t.Error("two names became one")
		}
		if n := utf8.RuneCountInString(a); n != maxTag {
			t.Errorf("%d characters, want %d", n, maxTag)
		}
		if !strings.HasPrefix(a, "model:"+strings.Repeat(letter, 150)) {
			t.Errorf("the name can't be told from %q", a)
		}
	}
	if fits := "model:" + strings.Repeat("模", maxTag-len("model:")); cleanTag(fits) != fits {
		t.Error("a tag that fits was shortened")
	}
}

// Without this, an unbounded tag would cost a series a value, on a bill.
func TestCardinality(t *testing.T) {
	c := Cardinality{Max: 2}
	var got []string
	for _, v := range []string{"a", "b", "c", "a", "d", "b", "c"} {
		got = append(got, c.Tag(v))
	}
	if want := "a b other a other b other"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	var unbounded Cardinality
	if got := unbounded.Tag("a"); got != "a" {
		t.Errorf("without a bound %q", got)
	}
}
