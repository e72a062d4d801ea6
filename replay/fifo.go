package replay

import "slices"

// fifo is a queue of tasks. The zero value is empty.
type fifo struct {
	tasks []*task
	head  int
}

func (q *fifo) len() int { return len(q.tasks) - q.head }

func (q *fifo) push(t *task) { q.tasks = append(q.tasks, t) }

func (q *fifo) pop() *task {
	t := q.tasks[q.head]
	q.tasks[q.head] = nil
	if q.head++; q.head == len(q.tasks) {
		q.tasks, q.head = q.tasks[:0], 0
	} else if q.head >= 1024 && 2*q.head >= len(q.tasks) {
		q.tasks, q.head = slices.Delete(q.tasks, 0, q.head), 0
	}
	return t
}

// bring has the first task that is wanted change places with the next one; false:
// there is none.
func (q *fifo) bring(wanted func(*task) bool) bool {
	i := slices.IndexFunc(q.tasks[q.head:], wanted)
	if i < 0 {
		return false
	}
	q.tasks[q.head], q.tasks[q.head+i] = q.tasks[q.head+i], q.tasks[q.head]
	return true
}

func (q *fifo) forget(sp *split) {
	q.tasks = slices.DeleteFunc(q.tasks[q.head:], func(t *task) bool { return t.split == sp })
	q.head = 0
}
