package exchange

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Delivery says how a candidate's answer came about, where that was not by the
// first attempt at a warm endpoint.
type Delivery struct {
	Variant  string    `json:"variant,omitempty"`  // which of the endpoint's variants answered
	Cold     bool      `json:"cold,omitempty"`     // the endpoint may have been starting: its times say nothing of its speed
	Attempts []Attempt `json:"attempts,omitempty"` // before the one that counts, in their order
}

// Attempt is one that got no usable answer, kept as evidence.
type Attempt struct {
	Sent      Timestamp `json:"sent"`
	LatencyUS int64     `json:"latency_us"`
	Failure   Failure   `json:"failure"`
	Status    int64     `json:"status,omitempty"`
	Error     string    `json:"error,omitempty"`
	Body      string    `json:"body,omitempty"` // its beginning, where it is text
}

// MaxAttemptBody is how many bytes of an attempt's body are kept.
const MaxAttemptBody = 200

// NewAttempt keeps of an answer what tells it apart from the later ones.
func NewAttempt(c *Candidate, class Failure) Attempt {
	a := Attempt{Sent: c.Sent, LatencyUS: c.LatencyUS, Failure: class, Status: c.Status, Error: c.Error}
	a.Body = strings.ToValidUTF8(string(c.Body[:min(len(c.Body), MaxAttemptBody)]), "\ufffd")
	return a
}

// String is d as the column candidate_delivery has it: JSON, or "" where there
// is nothing to say.
func (d Delivery) String() string {
	if d.Variant == "" && !d.Cold && len(d.Attempts) == 0 {
		return ""
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // it has nothing that JSON can't hold
	}
	return string(text)
}

// HowDelivered reads the column. An error means that it is damaged.
func (c *Candidate) HowDelivered() (Delivery, error) {
	var d Delivery
	if c.Delivery == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(c.Delivery), &d); err != nil {
		return Delivery{}, fmt.Errorf("read how an answer was delivered: %w", err)
	}
	return d, nil
}

// Cold says that the endpoint may have been starting.
func (c *Candidate) Cold() bool { return strings.Contains(c.Delivery, `"cold":true`) && c.howCold() }

// Attempts are those before the one that counts.
func (c *Candidate) Attempts() []Attempt {
	if !strings.Contains(c.Delivery, `"attempts":`) { // of nearly all
		return nil
	}
	d, _ := c.HowDelivered()
	return d.Attempts
}

// howCold is apart from Cold, which is asked of every row.
func (c *Candidate) howCold() bool {
	d, err := c.HowDelivered()
	return err == nil && d.Cold
}

// StatusFailure is the class of a status that means that the endpoint itself did
// not answer; "" for those that are answers.
func StatusFailure(status int64) Failure {
	switch status {
	case 429:
		return Throttled
	case 503:
		return NotReady
	case 502, 504:
		return Gateway
	case 401, 403, 407:
		return Auth
	}
	return ""
}
