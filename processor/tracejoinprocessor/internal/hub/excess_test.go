package hub

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

func TestWhatOneLoopShedsNoOtherSheds(t *testing.T) {
	over := int64(100)
	e := excess{over: func() int64 { return over }}
	assert.EqualValues(t, 100, e.claim())
	assert.Zero(t, e.claim())
	over = 130
	assert.EqualValues(t, 30, e.claim(), "more came meanwhile")
	over = 30
	e.release(100)
	assert.Zero(t, e.claim())
	over = 0
	e.release(30)
	assert.Zero(t, e.claim())
	over = 7
	assert.EqualValues(t, 7, e.claim())
}

// Each of eight shards once shed the whole excess, and eight times too many spans left
// early.
func TestShardsShedTheExcessOnce(t *testing.T) {
	o := options()
	o.Shards, o.MaxBytes, o.Wait = 8, 1<<20, time.Hour
	h := New(o, Consumers{Traces: &fickle{seen: newSeen(), reads: true, refuse: func() error { return nil }}})
	h.Start()
	n := 0
	for h.excess.over() <= 100_000 {
		l := h.loops[n%len(h.loops)]
		in := newIntake(&o, alone(n, true), false)
		for i := range in.inputs {
			if in.inputs[i].Bytes > 0 {
				l.release(l.shard.Add(time.Now(), in.inputs[i]))
			}
		}
		l.count()
		n++
	}
	before := h.Counts().HeldBytes
	excess := h.excess.over()
	var together sync.WaitGroup
	begin := make(chan struct{})
	for _, l := range h.loops {
		together.Go(func() {
			<-begin
			l.evict()
		})
	}
	close(begin)
	together.Wait()
	assert.LessOrEqual(t, h.excess.over(), int64(0))
	held := h.counts.held.Load()
	assert.GreaterOrEqual(t, held, before-excess-10_000, "held %d, of which %d were too many, and %d now", before, excess, held)
	require.NoError(t, h.Shutdown(t.Context()))
	assert.EqualValues(t, n, h.Counts().Released[string(join.OverBudget)]+h.Counts().Released[string(join.ShutDown)])
}
