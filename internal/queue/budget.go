package queue

import "sync"

// Budget bounds the bytes that wait in a queue. Both methods are called with the
// queue's lock held, so that they must not call the queue.
type Budget interface {
	// Take takes room for a batch, or reports that there is none.
	Take(bytes int64) bool
	// Give gives back what a batch has taken.
	Give(bytes int64)
}

// Pool is bytes that several queues share. Each has a Share of it as its Budget.
type Pool struct {
	max    int64
	shares []*share

	mu   sync.Mutex // guards the used of every share
	used int64      // of all shares
}

// NewPool makes a pool of max bytes.
func NewPool(max int64) *Pool { return &Pool{max: max} }

// Share adds a share. The reserve is bytes of the pool that others cannot take; those
// of all shares together are at most the pool. All shares are added before the first
// takes anything.
func (p *Pool) Share(reserve int64) Budget {
	s := &share{pool: p, reserve: reserve}
	p.shares = append(p.shares, s)
	return s
}

// Bytes is what all shares use now.
func (p *Pool) Bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// share is the Budget of one queue.
type share struct {
	pool    *Pool
	reserve int64
	used    int64 // the pool's lock guards it
}

// Take finds no room where nothing is left beside what others use or have reserved.
func (s *share) Take(bytes int64) bool {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	sum := s.used + bytes
	for _, other := range s.pool.shares {
		if other != s {
			sum += max(other.used, other.reserve)
		}
	}
	if sum > s.pool.max {
		return false
	}
	s.used += bytes
	s.pool.used += bytes
	return true
}

func (s *share) Give(bytes int64) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.used -= bytes
	s.pool.used -= bytes
}
