package decide

import (
	"context"
	"runtime"
	"sync"
)

// Single is the mistake: all questions go through one unbuffered channel, so that
// each waits until a worker happens to be there, and every worker holds the one
// lock for as long as it decides. There are many workers, of which one works.
type Single struct {
	jobs    chan job
	stop    chan struct{}
	workers sync.WaitGroup

	mu    sync.Mutex // guards asked, and is held for the whole of a decision
	asked table
}

// NewSingle starts a worker for each processor.
func NewSingle() *Single {
	s := &Single{jobs: make(chan job), stop: make(chan struct{}), asked: table{}}
	for range runtime.GOMAXPROCS(0) {
		s.workers.Go(s.work)
	}
	return s
}

func (s *Single) work() {
	for {
		select {
		case j := <-s.jobs:
			j.answer <- s.decide(j.question)
		case <-s.stop:
			return
		}
	}
}

func (s *Single) decide(q Question) Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := decide(q)
	d.Asked = s.asked.count(q.Subject)
	return d
}

// Decide implements Pool.
func (s *Single) Decide(ctx context.Context, q Question) (Decision, error) {
	j := job{question: q, answer: make(chan Decision, 1)}
	select {
	case s.jobs <- j:
	case <-ctx.Done():
		return Decision{}, ctx.Err()
	case <-s.stop:
		return Decision{}, ErrClosed
	}
	select {
	case d := <-j.answer:
		return d, nil
	case <-ctx.Done():
		return Decision{}, ctx.Err()
	case <-s.stop:
		return Decision{}, ErrClosed
	}
}

// Close implements Pool.
func (s *Single) Close() {
	close(s.stop)
	s.workers.Wait()
}
