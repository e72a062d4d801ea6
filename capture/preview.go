package capture

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// Preview is what would become of an exchange in the recording.
type Preview struct {
	// Exchange is what would be recorded, or of one that would not be only its key,
	// method and status: the rest was not looked through for what is to be hidden.
	Exchange exchange.Exchange
	// NotRecorded is why it would not be: "sampled_out" or one of DropReasons.
	NotRecorded string
	// LeftOut are the names of its headers that carry credentials, sorted.
	LeftOut []string
}

// preview shows a record in place of recording it. err is what stands against
// recording e.
func (w *writer) preview(r *record, e *exchange.Exchange, err error) {
	w.ledger.settle(1)
	p := Preview{}
	switch {
	case err == nil:
		p.Exchange, p.LeftOut = *e, credentials(r)
	case errors.Is(err, errSampledOut):
		p.NotRecorded = reasonNames[sampledOut]
	case errors.Is(err, errUnredactable):
		p.NotRecorded = reasonNames[unredactable]
	default:
		p.NotRecorded = reasonNames[recorderError]
	}
	if err != nil && e != nil {
		p.Exchange = exchange.Exchange{
			ID: e.ID, Time: e.Time, Model: e.Model, ModelVersion: e.ModelVersion,
			Request: exchange.Request{Method: e.Request.Method}, Reference: exchange.Answer{Status: e.Reference.Status, Failure: e.Reference.Failure},
		}
	}
	w.opt.Preview(p)
}

// credentials are the names of headers that are never recorded.
func credentials(r *record) []string {
	names := map[string]bool{}
	for _, h := range []map[string][]string{r.header, r.answerHeader} {
		for name := range h {
			if exchange.IsCredential(name) {
				names[strings.ToLower(name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
