package exchange

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// Without this, a run could be about other answers than were asked for.
func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		statuses string
		status   int64
		want     bool
	}{
		{"200", 200, true},
		{"200", 201, false},
		{"2xx", 204, true},
		{"2XX", 299, true},
		{"2xx", 300, false},
		{"500-599", 503, true},
		{"500-599", 600, false},
		{"2xx 404", 404, true},
		{"2xx 404", 0, false},
		{"0", 0, true},
		{"!2xx", 200, false},
		{"!2xx", 0, true},
		{"2xx !204", 204, false},
		{"2xx !204", 205, true},
	} {
		s := Selection{Statuses: strings.Fields(c.statuses)}
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		if got := s.Rest().Match(&Exchange{Reference: Answer{Status: c.status}}); got != c.want {
			t.Errorf("--status %s of %d: %v", c.statuses, c.status, got)
		}
	}
	for _, bad := range []string{"", "!", "xx", "22xx", "axx", "500-400", "-1", "200-", "1000", "200 ", "2x"} {
		if err := (Selection{Statuses: []string{bad}}).Validate(); err == nil || !strings.Contains(err.Error(), "write 200, 2xx or 500-599") {
			t.Errorf("--status %q: %v", bad, err)
		}
	}
}

// Without this, who asks for an exchange by its caller's id, which may look like
// one of ours, would get none, or another one.
func TestAskedIDs(t *testing.T) {
	ours, theirs := NewID(time.Now()), NewID(time.Now())
	s := Selection{IDs: []string{ours.String(), theirs.String(), "r7"}}
	for _, c := range []struct {
		e    Exchange
		want bool
	}{
		{Exchange{ID: ours}, true},
		{Exchange{ID: NewID(time.Now()), Request: Request{SourceID: theirs.String()}}, true},
		{Exchange{ID: theirs, Request: Request{SourceID: "r7"}}, true},
		{Exchange{Request: Request{SourceID: "r77"}}, false},
		{Exchange{}, false},
	} {
		if got := s.Rest().Match(&c.e); got != c.want || got != (len(s.Rest().Asked(&c.e)) > 0) {
			t.Errorf("%+v: %v", c.e, got)
		}
	}
	if (&Selection{Models: []string{"m"}, MaxRequests: 7}).Rest() != nil {
		t.Error("a selection by the key alone asks for more")
	}
}

// Without this, a field could be added to the selection that two runs differ in and
// that neither All nor String nor the resumed run knows of.
func TestEveryFieldIdentifies(t *testing.T) {
	for i := range reflect.TypeFor[Selection]().NumField() {
		var s Selection
		f := reflect.ValueOf(&s).Elem().Field(i)
		switch v := f.Addr().Interface().(type) {
		case *[]string:
			*v = []string{"200"}
		case *time.Time:
			*v = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
		case *float64:
			*v = 0.5
		case *int64:
			*v = 10
		default:
			t.Fatalf("this test knows no %T", v)
		}
		if name := reflect.TypeFor[Selection]().Field(i).Name; s.All() || s.String() == "everything" {
			t.Errorf("a selection by %s alone is %q, all: %v", name, s, s.All())
		}
	}
	many := Selection{IDs: strings.Fields(strings.Repeat("id ", 11))}
	if other := (Selection{IDs: append(many.IDs[:10:10], "od")}); many.String() == other.String() || len(many.String()) > 100 {
		t.Errorf("%s and %s", many, other)
	}
}

// Without this, the cut that a plan keeps could be another when it is read.
func TestCut(t *testing.T) {
	id := NewID(time.Now())
	cut := Cut{-5, id}
	if back, err := ParseCut(cut.String()); err != nil || back != cut {
		t.Errorf("%s reads as %s, %v", cut, back, err)
	}
	for _, bad := range []string{"", "/", "0/" + id.String()[1:], id.String(), "-5/" + id.String()} {
		if c, err := ParseCut(bad); err == nil {
			t.Errorf("%q reads as %s", bad, c)
		}
	}
	before, after := id, id
	before[15]--
	after[15]++
	for _, c := range []struct {
		e    Exchange
		want bool
	}{
		{Exchange{RequestHash: 7}, true}, // as numbers without a sign -5 is among the highest
		{Exchange{RequestHash: -6}, true},
		{Exchange{RequestHash: -4}, false},
		{Exchange{RequestHash: -5, ID: before}, true},
		{Exchange{RequestHash: -5, ID: id}, false},
		{Exchange{RequestHash: -5, ID: after}, false},
	} {
		if got := cut.Has(&c.e); got != c.want {
			t.Errorf("%d %s: %v", c.e.RequestHash, c.e.ID, got)
		}
	}
}
