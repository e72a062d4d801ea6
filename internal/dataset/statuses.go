package dataset

import (
	"context"

	"github.com/modelparity/parity/internal/exchange"
)

// Requests reads the request side of a split, and of the references the status
// where it is one by which an endpoint says that it can't answer: a candidate that
// says the same is right, and need not be asked again.
func (r *Recording) Requests(ctx context.Context, s Split) (exchange.LazySource, error) {
	o, err := r.openSplit(ctx, s)
	if err != nil {
		return nil, err
	}
	statuses := map[exchange.ID]int64{}
	err = EachRow(ctx, newColumnSource(o, []string{"id", "response_status"}, s.RowGroup), func(e *exchange.Exchange) error {
		if exchange.StatusFailure(e.Reference.Status) != "" {
			statuses[e.ID] = e.Reference.Status
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	src, err := r.Source(ctx, s, exchange.RequestSide)
	if err != nil || len(statuses) == 0 {
		return src, err
	}
	return &withStatuses{src, statuses}, nil
}

// withStatuses fills in what was read apart.
type withStatuses struct {
	exchange.LazySource
	statuses map[exchange.ID]int64
}

func (w *withStatuses) Read(ctx context.Context, b *exchange.Batch) error {
	err := w.LazySource.Read(ctx, b)
	if err == nil {
		for i := range b.Rows {
			b.Rows[i].Reference.Status = w.statuses[b.Rows[i].ID]
		}
	}
	return err
}
