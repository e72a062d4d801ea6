package replay

import (
	"cmp"
	"container/heap"
)

// turns are the lanes that may send, as a container/heap. Next is the one that has
// the fewest requests in flight, and of those the one that has waited longest. So
// the slots are shared evenly, and an endpoint that hangs holds no more of them
// than one that answers.
type turns struct {
	lanes []*lane
	last  int // turn that was given
}

// offer has l take its turn, if it can send something, or moves it to where it
// belongs by now.
func (q *turns) offer(l *lane) {
	if !l.ready() {
		q.withdraw(l)
		return
	}
	if l.place > 0 && l.turnAt == l.inFlight {
		return
	}
	q.withdraw(l)
	q.last++
	l.turnAt, l.turn = l.inFlight, q.last
	heap.Push(q, l)
}

func (q *turns) withdraw(l *lane) {
	if l.place > 0 {
		heap.Remove(q, l.place-1)
	}
}

// pop takes the lane whose turn it is; nil where there is none.
func (q *turns) pop() *lane {
	if len(q.lanes) == 0 {
		return nil
	}
	return heap.Pop(q).(*lane)
}

func (q *turns) Len() int { return len(q.lanes) }

func (q *turns) Less(i, j int) bool {
	a, b := q.lanes[i], q.lanes[j]
	return cmp.Or(cmp.Compare(a.turnAt, b.turnAt), cmp.Compare(a.turn, b.turn)) < 0
}

func (q *turns) Swap(i, j int) {
	q.lanes[i], q.lanes[j] = q.lanes[j], q.lanes[i]
	q.lanes[i].place, q.lanes[j].place = i+1, j+1
}

func (q *turns) Push(x any) {
	l := x.(*lane)
	q.lanes = append(q.lanes, l)
	l.place = len(q.lanes)
}

func (q *turns) Pop() any {
	last := len(q.lanes) - 1
	l := q.lanes[last]
	q.lanes[last], q.lanes, l.place = nil, q.lanes[:last], 0
	return l
}
