package decide

import (
	"context"
	"hash/maphash"
	"runtime"
	"sync"
	"sync/atomic"
)

// queueSize bounds the questions that wait in a shard. When it is full, those who
// ask wait.
const queueSize = 256

// Sharded is the fix: a shard has its own queue, worker, counts and lock, and a
// worker that has nothing to do takes from the others' queues. Decisions are made
// outside of any lock.
type Sharded struct {
	shards  []*shard
	seed    maphash.Seed
	stop    chan struct{}
	workers sync.WaitGroup
	answers sync.Pool // of chan Decision, empty
	stolen  atomic.Uint64
}

type shard struct {
	jobs chan job

	mu    sync.Mutex // guards asked
	asked table
}

// NewSharded starts a shard for each processor, and two at least: with one there
// is nobody to steal from.
func NewSharded() *Sharded {
	s := &Sharded{seed: maphash.MakeSeed(), stop: make(chan struct{})}
	s.answers.New = func() any { return make(chan Decision, 1) }
	for range max(2, runtime.GOMAXPROCS(0)) {
		s.shards = append(s.shards, &shard{jobs: make(chan job, queueSize), asked: table{}})
	}
	for home := range s.shards {
		s.workers.Go(func() { s.work(home) })
	}
	return s
}

// of is the shard of a subject.
func (s *Sharded) of(subject string) *shard {
	return s.shards[maphash.String(s.seed, subject)%uint64(len(s.shards))]
}

func (s *Sharded) work(home int) {
	for {
		j, ok := s.take(home)
		if !ok {
			j, ok = s.await(home)
		}
		if !ok {
			return
		}
		j.answer <- s.decide(j.question)
	}
}

// take a job that waits: of the own shard first, then of the others.
func (s *Sharded) take(home int) (job, bool) {
	for i := range s.shards {
		select {
		case j := <-s.shards[(home+i)%len(s.shards)].jobs:
			if i > 0 {
				s.stolen.Add(1)
			}
			return j, true
		default:
		}
	}
	return job{}, false
}

// await sleeps until there is a job, or the end. Subtle: a sleeper hears of its
// own shard and the next one only, so each shard wakes one of two; a worker that
// was woken looks at all of them before it sleeps again.
func (s *Sharded) await(home int) (job, bool) {
	select {
	case j := <-s.shards[home].jobs:
		return j, true
	case j := <-s.shards[(home+1)%len(s.shards)].jobs:
		s.stolen.Add(1)
		return j, true
	case <-s.stop:
		return job{}, false
	}
}

func (s *Sharded) decide(q Question) Decision {
	d := decide(q)
	of := s.of(q.Subject)
	of.mu.Lock()
	d.Asked = of.asked.count(q.Subject)
	of.mu.Unlock()
	return d
}

// Decide implements Pool.
func (s *Sharded) Decide(ctx context.Context, q Question) (Decision, error) {
	answer := s.answers.Get().(chan Decision)
	select {
	case s.of(q.Subject).jobs <- job{q, answer}:
	case <-ctx.Done():
		s.answers.Put(answer)
		return Decision{}, ctx.Err()
	case <-s.stop:
		return Decision{}, ErrClosed
	}
	select {
	case d := <-answer:
		s.answers.Put(answer)
		return d, nil
	case <-ctx.Done():
		return Decision{}, ctx.Err() // the channel will get an answer yet: not for the next
	case <-s.stop:
		return Decision{}, ErrClosed
	}
}

// Close implements Pool.
func (s *Sharded) Close() {
	close(s.stop)
	s.workers.Wait()
}
