package exchange

import (
	"reflect"
	"strings"
	"testing"
)

// What is stored of an answer's delivery must be read back the same, and nothing
// in an attempt's body may pass for a cold start.
func TestDelivery(t *testing.T) {
	c := Candidate{Answer: Answer{Status: 503, LatencyUS: 7, Body: []byte(`{"cold":true}` + strings.Repeat("x", 300) + "\xff")}, Error: "busy", Sent: 5}
	want := Delivery{Variant: "blue", Attempts: []Attempt{NewAttempt(&c, NotReady)}}
	c.Delivery = want.String()
	if got, err := c.HowDelivered(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(want.Attempts[0].Body); n != 200 {
		t.Errorf("%d bytes of the body are kept", n)
	}
	if c.Cold() {
		t.Error("a body made it cold")
	}
	want.Cold = true
	if c.Delivery = want.String(); !c.Cold() {
		t.Error("it is not cold")
	}
	if text := (Delivery{}).String(); text != "" {
		t.Errorf("nothing to say is %q", text)
	}
	c.Delivery = "{"
	if _, err := c.HowDelivered(); err == nil {
		t.Error("damage is read")
	}
}
