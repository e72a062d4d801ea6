package replay

// turns are the lanes that may send. Next is the one that has the fewest
// requests in flight, and of those the one that has waited longest. So the slots
// are shared evenly, and an endpoint that hangs holds no more of them than one
// that answers.
type turns struct {
	queues [][]turn // by requests in flight
	count  int
}

// turn is valid while it is the lane's last one.
type turn struct {
	lane   *lane
	number int
}

// offer has l take its turn, if it can send something, or moves it to where it
// belongs by now.
func (q *turns) offer(l *lane) {
	if !l.ready() {
		q.withdraw(l)
		return
	}
	if l.inTurn && l.turnAt == l.inFlight {
		return
	}
	q.withdraw(l)
	for len(q.queues) <= l.inFlight {
		q.queues = append(q.queues, nil)
	}
	l.inTurn, l.turnAt = true, l.inFlight
	l.turns++
	q.count++
	q.queues[l.inFlight] = append(q.queues[l.inFlight], turn{l, l.turns})
}

func (q *turns) withdraw(l *lane) {
	if l.inTurn {
		l.inTurn = false
		q.count--
	}
}

// pop takes the lane whose turn it is; nil where there is none.
func (q *turns) pop() *lane {
	for i := range q.queues {
		for len(q.queues[i]) > 0 {
			t := q.queues[i][0]
			q.queues[i] = q.queues[i][1:]
			if t.lane.inTurn && t.number == t.lane.turns {
				q.withdraw(t.lane)
				return t.lane
			}
		}
	}
	return nil
}
