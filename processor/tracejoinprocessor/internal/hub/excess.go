package hub

import "sync"

// excess is the bytes by which all shards together are over budget. A loop claims what it
// is about to evict, so that the others do not evict the same again.
type excess struct {
	over func() int64 // bytes, as far as they are counted

	mu      sync.Mutex // guards what follows
	claimed int64
}

// claim returns the excess that is not claimed yet, and claims it; 0 if there is none.
func (e *excess) claim() int64 {
	if e.over() <= 0 {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	over := max(0, e.over()-e.claimed)
	e.claimed += over
	return over
}

// release a claim, when what was evicted is counted.
func (e *excess) release(claim int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.claimed -= claim
}
