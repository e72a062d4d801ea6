package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// thousands writes n with separators.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted writes n and what there are so many of: 1 split, 1,200 splits.
func counted[N int | int64](n N, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "ch"):
		noun += "es"
	case strings.HasSuffix(noun, "ry"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return thousands(int64(n)) + " " + noun
}

func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return thousands(int64(rate + 0.5))
}

// clock writes d as hours, minutes and seconds.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second).Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// milliseconds writes a service time.
func milliseconds(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}

// longTime is a number of seconds in units that people plan in.
func longTime(seconds float64) string {
	const hour, day = 3600, 86400
	switch {
	case seconds < hour:
		return time.Duration(math.Ceil(seconds) * float64(time.Second)).String()
	case seconds < 2*day:
		return fmt.Sprintf("%.1f hours", seconds/hour)
	}
	return fmt.Sprintf("%.1f days", seconds/day)
}

func total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// byReason lists counts as " (timeout 3, reset 1)", most first.
func byReason(counts map[string]int64) string {
	if len(counts) == 0 {
		return ""
	}
	return " (" + reasons(counts) + ")"
}

// reasons lists counts as "timeout 3, reset 1", most first.
func reasons(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", printable(name), counts[name])
	}
	return strings.Join(names, ", ")
}
