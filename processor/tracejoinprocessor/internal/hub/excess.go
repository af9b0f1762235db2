package hub

import "sync"

// excess is what the shards together hold too much. A loop claims what it is about to
// shed of it, so that the others do not shed the same again.
type excess struct {
	over func() int64 // bytes, as far as they are counted

	mu      sync.Mutex // guards what follows
	claimed int64
}

// claim all that nobody has claimed; 0 if there is nothing.
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

// release a claim, when what was shed is counted.
func (e *excess) release(claim int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.claimed -= claim
}
