package pace

import (
	"sync/atomic"
	"time"
)

// track is the stages that have begun, in order. One goroutine adds to it; any
// number read it without a lock, since a published stage never changes.
type track struct {
	stages []startedStage // [:begun] are published
	begun  atomic.Int64   // number of stages
}

// startedStage is a stage that has begun.
type startedStage struct {
	begin time.Duration // of the schedule's time
	first uint64        // its first request
	at    time.Time     // when its turn came: later than begin if requests before it were late
	gave  time.Duration // when the last tardy request before it was given out, after Options.Begin
}

func newTrack(stages int) *track { return &track{stages: make([]startedStage, stages)} }

func (t *track) enter(e startedStage) {
	n := t.begun.Load()
	t.stages[n] = e
	t.begun.Store(n + 1)
}

// last is the index of the stage under way, -1 before the first.
func (t *track) last() int { return int(t.begun.Load()) - 1 }

// holding is the stage of request n, -1 if none has begun. Requests are looked up soon
// after they were given, so it is most often the last.
func (t *track) holding(n uint64) int {
	i := t.last()
	for i > 0 && t.stages[i].first > n {
		i--
	}
	return i
}

// at is the latest stage that had begun at an offset, -1 if none.
func (t *track) at(offset time.Duration) int {
	i := t.last()
	for i >= 0 && t.stages[i].begin > offset {
		i--
	}
	return i
}
