package convert

import (
	"container/heap"
	"fmt"

	"github.com/loadtrace/loadtrace/runs/foreign"
)

// Bounds of an ordering.
const (
	blockSize = 4096    // requests of a block
	maxHeld   = 500_000 // results that wait for their turn
)

// ordering numbers the requests of each attack by the times at which they began, and passes
// them on in that order. It is told of all times first, in the order in which the requests
// then come. A request waits while a later block has one that began before it; of each
// block it keeps the least time only, so that it takes 8 bytes for 4,096 requests.
type ordering struct {
	blocks []block
	n      int // requests of the last block while surveying, of the current one afterwards
	at     int // index of the current block

	put  func(*foreign.Result) error
	held results
	seq  uint64
}

// block is requests of one attack that follow each other.
type block struct {
	attack int
	n      int
	// least is the time of the earliest of its requests; once ready, of those of this
	// attack in all later blocks too.
	least int64
}

func (o *ordering) survey(attack int, began int64) {
	last := len(o.blocks) - 1
	if last < 0 || o.blocks[last].n == blockSize || o.blocks[last].attack != attack {
		o.blocks = append(o.blocks, block{attack: attack, n: 1, least: began})
		return
	}
	o.blocks[last].n++
	o.blocks[last].least = min(o.blocks[last].least, began)
}

// ready ends the survey.
func (o *ordering) ready(put func(*foreign.Result) error) {
	o.put = put
	for i := len(o.blocks) - 2; i >= 0; i-- {
		if next := &o.blocks[i+1]; next.attack == o.blocks[i].attack {
			o.blocks[i].least = min(o.blocks[i].least, next.least)
		}
	}
}

// add takes the next request.
func (o *ordering) add(attack int, r *foreign.Result) error {
	if o.at >= len(o.blocks) || o.blocks[o.at].attack != attack {
		return fmt.Errorf("the archive changed while it was read: export it again when its run is over")
	}
	if len(o.held) >= maxHeld {
		return fmt.Errorf("more than %d requests are out of order, which no run does: the archive cannot be written in vegeta's format", maxHeld)
	}
	heap.Push(&o.held, r)
	if o.n++; o.n < o.blocks[o.at].n {
		return nil
	}
	o.at, o.n = o.at+1, 0
	if o.at == len(o.blocks) || o.blocks[o.at].attack != attack {
		return o.rest()
	}
	return o.release(func(r *foreign.Result) bool { return r.Timestamp.UnixNano() <= o.blocks[o.at].least })
}

// release passes on the requests that may go, in their order.
func (o *ordering) release(may func(*foreign.Result) bool) error {
	for len(o.held) > 0 && may(o.held[0]) {
		r := heap.Pop(&o.held).(*foreign.Result)
		r.Seq = o.seq
		o.seq++
		if err := o.put(r); err != nil {
			return err
		}
	}
	return nil
}

// rest ends an attack.
func (o *ordering) rest() error {
	err := o.release(func(*foreign.Result) bool { return true })
	o.seq = 0
	return err
}

// results are a heap by their times.
type results []*foreign.Result

func (h results) Len() int           { return len(h) }
func (h results) Less(i, j int) bool { return h[i].Timestamp.Before(h[j].Timestamp) }
func (h results) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *results) Push(x any)        { *h = append(*h, x.(*foreign.Result)) }
func (h *results) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return r
}
