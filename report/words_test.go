package report

import "testing"

// A bound that is rounded the wrong way claims more than was shown.
func TestPercents(t *testing.T) {
	for _, c := range []struct {
		x              float64
		down, near, up string
	}{
		{0, "0%", "0%", "0%"},
		{1, "100%", "100%", "100%"},
		{0.001, "0.1%", "0.1%", "0.1%"},
		{0.00100001, "0.1%", "0.1%", "0.101%"},
		{0.0123456, "1.23%", "1.23%", "1.24%"},
		{0.99999, "99.9%", "100%", "100%"},
		{1e-300, "0%", "0%", "0.000000000001%"},
		{4.743e-6, "0.000474%", "0.000474%", "0.000475%"},
	} {
		if down, near, up := percentDown(c.x), percent(c.x), percentUp(c.x); down != c.down || near != c.near || up != c.up {
			t.Errorf("%v: %s %s %s, want %s %s %s", c.x, down, near, up, c.down, c.near, c.up)
		}
	}
}

// Counts of millions must be read without counting digits.
func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

// Text from outside must not reach a terminal as anything but text, and text
// in other scripts must stay readable.
func TestVisible(t *testing.T) {
	for s, want := range map[string]string{
		"plain":               "plain",
		"模型 עברית é":          "模型 עברית é",
		"a\x1b[31m\tb\n":      `a\x1b[31m\tb\n`,
		"\u202e\u2066\u200b":  `\u202e\u2066\u200b`,
		"\xff\xc3(":           `\xff\xc3(`,
		`"quoted" 'and' \not`: `"quoted" 'and' \not`,
		"\ufffd":              "\ufffd",
	} {
		if got := visible(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

// A name that is cut must fit its column, also where letters are two wide.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		s       string
		columns int
		want    string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"模型模型", 6, "模型…"}, {"模型模型", 8, "模型模型"}, {"", 3, ""}} {
		if got := cut(c.s, c.columns); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.s, c.columns, got, c.want)
		}
	}
}

// What is printed as the next command gets pasted into a shell.
func TestShellWord(t *testing.T) {
	for s, want := range map[string]string{
		"runs/1": "runs/1", "s3://b/p-1": "s3://b/p-1", "my run": "'my run'", "a'b": `'a'\''b'`, "$(rm -rf ~)": "'$(rm -rf ~)'",
		"a\x1b'\\\u202e": `$'a\x1b\'\\\u202e'`,
	} {
		if got := shellWord(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
