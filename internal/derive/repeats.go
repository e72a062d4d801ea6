package derive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// repeatOf is an exchange as repeats are sorted. Identical are requests whose
// model, version, method, path, content type and whole body are.
func repeatOf(e *exchange.Exchange, p pick) []byte {
	request := digest([]byte(e.Model), []byte(e.ModelVersion), []byte(e.Request.Method), []byte(e.Request.Path), []byte(e.Request.ContentType), e.Request.Body)
	if e.Defect == exchange.RequestTruncated { // how it went on is not known
		request = digest(request[:], e.ID[:])
	}
	defect := byte(0)
	if e.Defect != "" {
		defect = 1 // after the answers that can be judged
	}
	a := &e.Reference
	status := binary.BigEndian.AppendUint64(nil, uint64(a.Status))
	answer := digest(status, []byte(a.Failure), binary.BigEndian.AppendUint64(nil, uint64(exchange.HashAnswer(a))))
	r := append(make([]byte, 0, repeatSize), request[:16]...)
	r = append(append(r, defect), answer[:8]...)
	r = binary.BigEndian.AppendUint64(r, p.place)
	r = binary.BigEndian.AppendUint32(r, p.model)
	r = binary.BigEndian.AppendUint64(r, p.hash)
	r = binary.BigEndian.AppendUint64(r, p.weight)
	return binary.BigEndian.AppendUint64(r, p.answers)
}

// digest is a SHA-256 over parts, each after its length.
func digest(parts ...[]byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// pickAnswers goes over the repeats, request after request.
func (c *chooser) pickAnswers(ctx context.Context) error {
	next, err := c.repeats.sorted()
	if err != nil {
		return err
	}
	var g group
	for {
		r, err := next()
		if err != nil && err != io.EOF {
			return err
		}
		if err == io.EOF || !bytes.Equal(r[:16], g.request) {
			if endErr := c.endGroup(&g); endErr != nil || err == io.EOF {
				return endErr
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			g = group{request: bytes.Clone(r[:16])}
		}
		g.add(r)
	}
}

// group is the repeats of one request, as they go by.
type group struct {
	request []byte
	answer  []byte  // with its defect, of those that go by now
	now     pick    // the first of these; its weight is that of all of them
	best    [2]pick // the two answers that came most often
	rows    int64
	weight  uint64 // of all
	answers uint64 // different ones that can be judged, or as many as one exchange stands for
	judged  uint64
}

func (g *group) add(r []byte) {
	u64 := func(at int) uint64 { return binary.BigEndian.Uint64(r[at:]) }
	if answer := r[16:25]; !bytes.Equal(answer, g.answer) {
		g.endAnswer()
		g.answer = append(g.answer[:0], answer...)
		g.now = pick{place: u64(25), model: binary.BigEndian.Uint32(r[33:]), hash: u64(37)}
	}
	g.rows++
	g.now.weight += u64(45)
	g.weight += u64(45)
	g.answers = max(g.answers, u64(53))
}

// endAnswer ranks the answer that went by: those that can be judged first, then by
// how often they came, then as they are sorted.
func (g *group) endAnswer() {
	if g.now.weight == 0 {
		return
	}
	judged := g.answer[0] == 0
	if judged {
		g.judged++
	}
	switch {
	case g.best[0].weight == 0:
		g.best[0] = g.now
	case judged && g.now.weight > g.best[0].weight:
		g.best[0], g.best[1] = g.now, g.best[0]
	case judged && g.now.weight > g.best[1].weight:
		g.best[1] = g.now
	}
	g.now = pick{}
}

// endGroup hands on what is kept of a request's repeats. The weights add up to how
// many there were.
func (c *chooser) endGroup(g *group) error {
	g.endAnswer()
	if g.rows == 0 {
		return nil
	}
	kept := g.best[:1]
	if g.best[1].weight > 0 {
		kept = g.best[:]
	}
	c.d.counts.Repeated += g.rows - int64(len(kept))
	kept[0].weight = g.weight - g.best[1].weight
	for _, p := range kept {
		p.answers = max(g.answers, g.judged)
		if err := c.limit(p); err != nil {
			return err
		}
	}
	return nil
}
