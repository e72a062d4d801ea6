package derive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// What is sorted, big-endian, so that bytes sort as numbers do:
//
//	repeats  request 16 | defect 1 | answer 8 | place 8 | model 4 | hash 8 | weight 8 | answers 8
//	limits   model 4 | hash 8 | place 8 | weight 8 | answers 8
//	chosen   place 8 | weight 8 | answers 8 | model 4
//
// request is a digest of what makes requests identical, answer one of how it was
// answered, place the number of the exchange among all that are made, model its
// number in d.models, hash the request's.
const (
	repeatSize = 16 + 1 + 8 + 8 + 4 + 8 + 8 + 8
	limitSize  = 4 + 8 + 8 + 8 + 8
	chosenSize = 8 + 8 + 8 + 4
)

// pick is an exchange that may be kept.
type pick struct {
	place, hash     uint64
	weight, answers uint64 // as exchange.Origin has them
	model           uint32
}

// chooser says which exchanges are kept.
type chooser struct {
	d      *deriver
	models map[string]uint32
	total  []int64 // by model, before the limit
	kept   []int64

	repeats, limits, chosen *sorter
}

// choose looks at everything once, and returns what is kept in order of place.
func (d *deriver) choose(ctx context.Context) (*chooser, error) {
	c := &chooser{
		d: d, models: map[string]uint32{},
		repeats: newSorter(repeatSize, d.memory), limits: newSorter(limitSize, d.memory), chosen: newSorter(chosenSize, d.memory),
	}
	err := d.each(ctx, c.see)
	if err == nil {
		err = errors.Join(c.pickAnswers(ctx), c.repeats.close())
	}
	if err == nil {
		err = errors.Join(c.cut(ctx), c.limits.close())
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *chooser) close() error {
	return errors.Join(c.repeats.close(), c.limits.close(), c.chosen.close())
}

func (c *chooser) see(n int64, e *exchange.Exchange) error {
	model, ok := c.models[e.Model]
	if !ok {
		model = uint32(len(c.models))
		c.models[strings.Clone(e.Model)] = model
		c.total, c.kept = append(c.total, 0), append(c.kept, 0)
	}
	origin, err := exchange.ParseOrigin(e.Origin)
	if err != nil {
		return fmt.Errorf("exchange %s: %w", e.ID, err)
	}
	p := pick{
		place: uint64(n), hash: uint64(e.RequestHash), model: model,
		weight: uint64(max(origin.Weight, 1)), answers: uint64(max(origin.Answers, 1)),
	}
	if c.d.Dedupe {
		return c.repeats.add(repeatOf(e, p))
	}
	return c.limit(p)
}

// limit takes what is left of the repeats.
func (c *chooser) limit(p pick) error {
	c.total[p.model]++
	if c.d.Limit == 0 {
		return c.keep(p)
	}
	r := binary.BigEndian.AppendUint32(make([]byte, 0, limitSize), p.model)
	r = binary.BigEndian.AppendUint64(r, p.hash)
	r = binary.BigEndian.AppendUint64(r, p.place)
	r = binary.BigEndian.AppendUint64(r, p.weight)
	return c.limits.add(binary.BigEndian.AppendUint64(r, p.answers))
}

// cut keeps of each model what its limit leaves.
func (c *chooser) cut(ctx context.Context) error {
	next, err := c.limits.sorted()
	if err != nil {
		return err
	}
	for {
		r, err := next()
		if err == io.EOF {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		p := pick{
			model: binary.BigEndian.Uint32(r), place: binary.BigEndian.Uint64(r[12:]),
			weight: binary.BigEndian.Uint64(r[20:]), answers: binary.BigEndian.Uint64(r[28:]),
		}
		if c.kept[p.model] >= c.d.Limit {
			c.d.counts.OverLimit++
			continue
		}
		if err := c.keep(p); err != nil {
			return err
		}
	}
}

func (c *chooser) keep(p pick) error {
	c.kept[p.model]++
	r := binary.BigEndian.AppendUint64(make([]byte, 0, chosenSize), p.place)
	r = binary.BigEndian.AppendUint64(r, p.weight)
	r = binary.BigEndian.AppendUint64(r, p.answers)
	return c.chosen.add(binary.BigEndian.AppendUint32(r, p.model))
}

// keepChosen looks at everything again, and hands on what was chosen.
func (d *deriver) keepChosen(ctx context.Context, c *chooser, keep func(*exchange.Exchange) error) error {
	before := d.counts
	next, err := c.chosen.sorted()
	if err != nil {
		return err
	}
	r, err := next()
	quiet := d.Unreadable
	d.Unreadable = nil // they have been named
	defer func() { d.Unreadable = quiet }()
	eachErr := d.each(ctx, func(n int64, e *exchange.Exchange) error {
		if err == io.EOF || err == nil && binary.BigEndian.Uint64(r) != uint64(n) {
			return nil
		}
		if err != nil {
			return err
		}
		d.counts.Kept++
		keepErr := c.keepOne(r, e, keep)
		r, err = next()
		return keepErr
	})
	switch {
	case eachErr != nil:
		return eachErr
	case err != io.EOF && err != nil:
		return err
	case err == nil || d.counts.Made != before.Made || d.counts.Read != before.Read:
		return errChanged
	}
	return nil
}

func (c *chooser) keepOne(r []byte, e *exchange.Exchange, keep func(*exchange.Exchange) error) error {
	weight, answers, model := binary.BigEndian.Uint64(r[8:]), binary.BigEndian.Uint64(r[16:]), binary.BigEndian.Uint32(r[24:])
	kept := *e
	if c.d.Dedupe {
		origin, err := exchange.ParseOrigin(e.Origin)
		if err != nil {
			return err
		}
		origin.Weight, origin.Answers = int64(weight), int64(answers)
		kept.Origin = origin.String()
	}
	if n, of := c.kept[model], c.total[model]; n < of {
		p := kept.SamplingProbability
		if p == 0 {
			p = 1
		}
		kept.SamplingProbability = p * (float64(n) / float64(of))
	}
	return keep(&kept)
}
