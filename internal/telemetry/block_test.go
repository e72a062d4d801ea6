package telemetry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/telemetry/terminaltest"
)

// drawn shows what a block draws, below a line of the shell's.
func drawn(s *terminaltest.Screen, b *block, width, height int, lines ...string) string {
	s.Write([]byte(strings.ReplaceAll(b.draw(lines, width, height), "\n", "\r\n")))
	return s.String()
}

// A display that leaves lines of itself behind buries what people have on their
// terminal, and one that goes up too far eats it.
func TestBlockStaysInItsPlace(t *testing.T) {
	s, b := terminaltest.New(20, 10), &block{}
	s.Write([]byte("$ parity\r\n"))
	for i, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"one", "two"}, "$ parity\none\ntwo\n"},
		{[]string{"1", "2", "3", "4"}, "$ parity\n1\n2\n3\n4\n"},
		{[]string{"longer"}, "$ parity\nlonger\n"},
		{[]string{"a line of more than twenty", "x"}, "$ parity\na line of more than\nx\n"},
		{[]string{"日本語日本語日本語日本語"}, "$ parity\n日本語日本語日本語\n"}, // two columns each, of 19
		{nil, "$ parity\n"},
		{nil, "$ parity\n"},
	} {
		if got := drawn(s, b, 20, 10, c.lines...); got != c.want {
			t.Errorf("drawing %d: %q, want %q", i, got, c.want)
		}
	}
}

// A window is dragged while a replay runs for hours.
func TestBlockFollowsTheTerminalsSize(t *testing.T) {
	s, b := terminaltest.New(40, 30), &block{}
	s.Write([]byte("$\r\n"))
	lines := []string{strings.Repeat("a", 39), "b", strings.Repeat("c", 25)}
	for _, width := range []int{40, 13, 40, 7, 100, 3, 80} {
		s.Resize(width, 30)
		want := "$\n"
		for _, line := range lines {
			want += line[:min(len(line), width-1)] + "\n"
		}
		if got := drawn(s, b, width, 30, lines...); got != want {
			t.Errorf("at %d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}

// What is higher than the window would scroll away with each drawing.
func TestBlockIsNotHigherThanTheTerminal(t *testing.T) {
	s, b := terminaltest.New(20, 5), &block{}
	var lines []string
	for i := range 9 {
		lines = append(lines, fmt.Sprint(i))
	}
	for range 3 {
		if got := drawn(s, b, 20, 5, lines...); got != "0\n1\n2\n3\n" {
			t.Errorf("%q", got)
		}
	}
}
