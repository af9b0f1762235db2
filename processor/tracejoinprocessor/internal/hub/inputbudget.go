package hub

import (
	"sync"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// inputShare is the part of the budget for what is queued for the loops, beside what waits
// and what is released: 1/8. Senders wait for capacity, which loops soon free: they never
// wait for the next consumer.
const inputShare = 8

// inputBudget bounds the bytes queued for all loops.
type inputBudget struct {
	most int64

	mu    sync.Mutex // guards what follows
	freed sync.Cond
	bytes int64
}

func newInputBudget(most int64) *inputBudget {
	b := &inputBudget{most: most}
	b.freed.L = &b.mu
	return b
}

// acquire waits for the bytes of a message. One that is larger than the budget goes alone.
func (b *inputBudget) acquire(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.bytes > 0 && b.bytes+bytes > b.most {
		b.freed.Wait()
	}
	b.bytes += bytes
}

func (b *inputBudget) release(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes -= bytes
	b.freed.Broadcast()
}

// held returns the bytes that are queued.
func (b *inputBudget) held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// enqueue queues an input for a loop. The hub's lock is held for reading, and the hub is open.
func (h *Hub) enqueue(l *loop, in join.Input) {
	bytes := int64(in.Size())
	h.input.acquire(bytes)
	l.in <- message{in: in, bytes: bytes}
}
