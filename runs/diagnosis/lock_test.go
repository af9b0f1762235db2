package diagnosis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// served is a load of 10 s at 200 requests a second, of which each takes the server work.
func served(work time.Duration) *Evidence {
	e := &Evidence{To: 10 * time.Second, Instances: []Instance{{Service: "shop"}}}
	for at := time.Duration(0); at <= e.To; at += time.Second {
		e.Dose = append(e.Dose, Point{at, 200 * at.Seconds()})
	}
	for i := range 2000 {
		begin := int64(i) * int64(5*time.Millisecond)
		e.Requests = append(e.Requests, Request{Trace: "t", Response: work, Begin: begin, End: begin + int64(work)})
	}
	return e
}

// counter is a metric that grows by perSecond under load.
func (e *Evidence) counter(m Metric, perSecond float64) {
	for at := time.Duration(0); at <= e.To; at += time.Second {
		e.Instances[0].Series[m] = append(e.Instances[0].Series[m], Point{at, 7 + perSecond*at.Seconds()})
	}
}

func TestAWaitForLocksIsNamedWithTheLineThatWaits(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(MutexWait, 0.8) // 4 ms of each request's 10
	e.Stacks = []Stacks{{At: 5 * time.Second, Groups: []Group{{locked, 9}, {idleConnection, 50}}}}
	e.CPU = &CPU{Functions: []Share{{"example.com/shop/rank.(*Ranking).Accept", 0.7}}}
	found := Examine(e)
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, summary.FindingLockContention, f.Kind)
	assert.Equal(t, "Requests wait for a lock for 4 ms on average, 40 % of the server's time, in rank.(*Ranking).Accept (rank.go:120)", f.Sentence)
	assert.InDelta(t, 0.4, f.Cost, 0.001)
	require.Len(t, f.Evidence, 3)
	assert.Contains(t, f.Evidence[2].Text, "70 % of the processor time")
}

func TestLittleWaitForLocksIsNoContention(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(MutexWait, 0.01) // 50 µs
	assert.Empty(t, Examine(e))
	e = served(10 * time.Millisecond)
	assert.Empty(t, Examine(e), "the target does not tell")
}

// On a machine that others use, who holds a lock may not run for long.
func TestLocksHeldByWhoDoesNotRunAreNoContention(t *testing.T) {
	starved := func(lock float64) *Evidence {
		e := served(10 * time.Millisecond)
		e.counter(MutexWait, lock)
		e.counter(SchedWait, 0.24) // 1.2 ms of each request's 10
		e.Stacks = []Stacks{{At: 5 * time.Second, Groups: []Group{{locked, 9}}}}
		return e
	}
	assert.Empty(t, Examine(starved(0.7)))
	assert.Contains(t, Look(starved(0.7)).Blind[0]+Look(starved(0.7)).Blind[1], "waited 1.2 ms for a processor per request, 12 % of the server's time")
	assert.NotEmpty(t, Examine(starved(2.5)), "much longer than they wait for a processor")
	e := starved(0.7)
	e.CPU = &CPU{Functions: []Share{{"example.com/shop/rank.(*Ranking).Accept", 0.5}}}
	assert.NotEmpty(t, Examine(e), "the work under the lock takes processor time")
}

// A counter that falls is of a process that began again.
func TestARestartIsNotCounted(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(MutexWait, 0.8)
	e.Instances[0].Series[MutexWait][8].V = 0
	assert.Empty(t, Examine(e))
}

func TestThrottlingOfAControlGroupIsNamed(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(Periods, 10)
	e.counter(Throttled, 4)
	found := Examine(e)
	require.Len(t, found, 1)
	assert.Equal(t, summary.FindingCPUThrottling, found[0].Kind)
	assert.InDelta(t, 0.4, found[0].Cost, 0.001)

	e = served(10 * time.Millisecond)
	e.counter(Periods, 10)
	e.counter(Throttled, 0.5)
	assert.Empty(t, Examine(e))
}

// What takes more of the time comes first; the generator's own trouble is last.
func TestFindingsAreInTheOrderOfWhatTheyExplain(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(Periods, 10)
	e.counter(Throttled, 2)
	e.counter(MutexWait, 1.5)
	e.Doubts = []string{"the schedule was not kept"}
	var kinds []summary.FindingKind
	for _, f := range Examine(e) {
		kinds = append(kinds, f.Kind)
		assert.NotEmpty(t, f.Evidence)
		assert.NotEmpty(t, f.Try)
		assert.NotEmpty(t, f.Refute)
		assert.True(t, f.Confidence > 0 && f.Confidence <= 0.99)
	}
	assert.Equal(t, []summary.FindingKind{summary.FindingLockContention, summary.FindingCPUThrottling, summary.FindingGenerator}, kinds)
}
