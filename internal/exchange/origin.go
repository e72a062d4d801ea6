package exchange

import (
	"encoding/json"
	"fmt"
)

// Origin says how an exchange came to be what it is, where it is not as it was on
// the wire, or not as it was in the recording that it was taken from.
type Origin struct {
	From    ID    `json:"from,omitzero"`     // the exchange that it was fanned out of
	Weight  int64 `json:"weight,omitempty"`  // how many exchanges it stands for; 0 is 1
	Answers int64 `json:"answers,omitempty"` // in how many ways these were answered; 0 is 1
	// Redacted says of what something is hidden: "request", "answer" or "both"; "" of
	// nothing. A candidate may need what is hidden in a request.
	Redacted string `json:"redacted,omitempty"`
}

// String is o as the column origin has it: JSON, or "" where there is nothing to
// say.
func (o Origin) String() string {
	if o.Weight == 1 {
		o.Weight = 0
	}
	if o.Answers == 1 {
		o.Answers = 0
	}
	if o == (Origin{}) {
		return ""
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it has nothing that JSON can't hold
	}
	return string(text)
}

// Stands is how many exchanges e stands for.
func (e *Exchange) Stands() (int64, error) {
	if e.Origin == "" { // of nearly all
		return 1, nil
	}
	o, err := ParseOrigin(e.Origin)
	return max(o.Weight, 1), err
}

// Hidden says of what of e something was redacted: "request", "answer" or "both", ""
// of nothing.
func (e *Exchange) Hidden() (string, error) {
	o, err := ParseOrigin(e.Origin)
	return o.Redacted, err
}

// ParseOrigin reads what String writes.
func ParseOrigin(text string) (o Origin, err error) {
	if text == "" {
		return o, nil
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return Origin{}, fmt.Errorf("read an exchange's origin: %w", err)
	}
	if o.Weight < 0 || o.Answers < 0 {
		return Origin{}, fmt.Errorf("an exchange's origin %s: weight and answers are counts", text)
	}
	return o, nil
}
