package replay

import "time"

// timeHeap is a container/heap of what has a time, the earliest first.
type timeHeap[T interface{ when() time.Time }] []T

func (h timeHeap[T]) Len() int           { return len(h) }
func (h timeHeap[T]) Less(i, j int) bool { return h[i].when().Before(h[j].when()) }
func (h timeHeap[T]) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *timeHeap[T]) Push(x any)        { *h = append(*h, x.(T)) }

func (h *timeHeap[T]) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	var none T
	(*h)[last], *h = none, (*h)[:last]
	return x
}
