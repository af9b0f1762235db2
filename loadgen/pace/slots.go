package pace

import (
	"sync/atomic"
	"time"
)

// slots bounds the requests in flight in a closed loop. One goroutine waits for a
// slot, and many free them.
type slots struct {
	ended   atomic.Int64 // requests
	waiting atomic.Bool
	freed   chan struct{} // holds one token; a stale one only makes the waiter look again
}

func newSlots() *slots { return &slots{freed: make(chan struct{}, 1)} }

func (s *slots) free() {
	s.ended.Add(1)
	if !s.waiting.Load() {
		return
	}
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

func (s *slots) available(given uint64, workers int64) bool {
	return int64(given)-s.ended.Load() < workers
}

// await waits until a slot is available, stop or done. Its caller looks which.
//
// Subtle: waiting is set before the slots are looked at once more, and free
// counts before it looks at waiting. So one of the two sees the other.
func (s *slots) await(given uint64, workers int64, stop <-chan time.Time, done <-chan struct{}) {
	s.waiting.Store(true)
	defer s.waiting.Store(false)
	if s.available(given, workers) {
		return
	}
	select {
	case <-s.freed:
	case <-stop:
	case <-done:
	}
}
