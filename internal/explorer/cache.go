package explorer

import (
	"context"
	"slices"
	"sync"

	"github.com/modelparity/parity/report"
)

// keep is how many judgements are kept, the last ones asked for.
const keep = 4

// cache keeps summaries and reports. The zero value is empty.
type cache struct {
	mu      sync.Mutex
	entries []*entry
}

type entry struct {
	key     string
	held    chan struct{} // has one: whoever comes second waits for the first
	summary *report.Summary
	html    []byte
}

func (e *entry) lock(ctx context.Context) error {
	select {
	case e.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *entry) unlock() { <-e.held }

// get finds or makes the entry of a key.
func (c *cache) get(key string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.entries, func(e *entry) bool { return e.key == key })
	e := &entry{key: key, held: make(chan struct{}, 1)}
	if i >= 0 {
		e = c.entries[i]
		c.entries = slices.Delete(c.entries, i, i+1)
	}
	c.entries = append(c.entries, e)
	if len(c.entries) > keep {
		c.entries = c.entries[1:]
	}
	return e
}
