package loadgentest

import (
	"context"
	"fmt"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// Handler answers a request: it gets the W3C traceparent that came with it, and
// a context that ends when the client has gone.
type Handler func(ctx context.Context, traceparent string)

// Harness is what the suite needs of an engine.
type Harness struct {
	// Serve starts a target that calls h for each request, and returns an attack
	// on it without load. The target ends with the test.
	Serve func(t *testing.T, h Handler) loadgen.Attack
	Open  runner.Open
}

const grace = 100 * time.Millisecond

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"every planned request is recorded once, with the schedule's intended time": recordsEveryRequest,
		"shards of a plan make its requests together, each once":                    dividesAmongShards,
		"the target sees the traceparent of the record":                             carriesTraceparent,
		"a stop during a long wait of the schedule ends the run at once":            stopsInALongWait,
		"a stop cuts off requests under way after the grace":                        cutsOffAfterGrace,
		"a stop leaves requests that wait for a worker unsent":                      stopsWhileSaturated,
		"waiting for a worker is in the response time, not in the service time":     showsSaturation,
		"a closed loop keeps its workers busy and no more":                          keepsClosedLoop,
		"late requests are not sent once the overrun is over":                       givesUpLateRequests,
		"the process is left as it was":                                             leavesProcessAlone,
	} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, before) }) // after the target has ended
			test(t, h)
		})
	}
}

// patience is how late requests may be where a test is not about lateness: a machine that
// is busy with other tests makes some late.
const patience = time.Minute

// Result is what became of an attack.
type Result struct {
	Records []loadgen.Record
	Account runner.Account
	Took    time.Duration
}

// Attack runs one attack and checks that its requests add up.
func Attack(ctx context.Context, t *testing.T, open runner.Open, a loadgen.Attack, limits loadgen.Limits) Result {
	t.Helper()
	plan := &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{a}, Limits: limits}
	return do(ctx, t, plan, runner.Options{ID: loadgen.NewRunID(), Open: open})
}

// do runs a plan of one attack. The sink of the options is the suite's.
func do(ctx context.Context, t *testing.T, plan *loadgen.Plan, o runner.Options) Result {
	t.Helper()
	if plan.Limits.Overrun == 0 {
		plan.Limits.Overrun = patience
	}
	var (
		mu  sync.Mutex
		res Result
	)
	run, err := runner.New(plan, runner.Options{
		ID: o.ID, Open: o.Open, Begin: o.Begin,
		Sink: func(r *loadgen.Record) {
			mu.Lock()
			defer mu.Unlock()
			res.Records = append(res.Records, *r)
		},
	})
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, run.Do(ctx))
	res.Took = time.Since(began)
	res.Account = run.Accounts()[0]
	assert.Equal(t, res.Account.Given, res.Account.Recorded, "requests given and recorded")
	assert.Equal(t, res.Account.Given, uint64(len(res.Records)), "requests given and records")
	assert.Equal(t, res.Account.Planned, res.Account.Given+res.Account.Unsent, "requests planned, given and unsent")
	return res
}

func quick(context.Context, string) {}

// stall answers when the client has gone, or late.
func stall(ctx context.Context, _ string) { after(10*time.Second)(ctx, "") }

// after answers after a while: the latency that the target is to have.
func after(d time.Duration) Handler {
	return func(ctx context.Context, _ string) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
}

func recordsEveryRequest(t *testing.T, h Harness) {
	a := h.Serve(t, quick)
	a.Load = []pace.Stage{{Constant: 500, Duration: 400 * time.Millisecond}, {Ramp: &pace.Ramp{From: 500, To: 100}, Count: 100}}
	schedule, err := pace.New(a.Load)
	require.NoError(t, err)
	res := Attack(t.Context(), t, h.Open, a, loadgen.Limits{Overrun: 5 * time.Second})

	require.Len(t, res.Records, 300)
	seen := map[uint64]loadgen.Record{}
	spans := map[loadgen.SpanID]bool{}
	for _, r := range res.Records {
		seen[r.Seq] = r
		spans[r.SpanID] = true
		assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
		assert.False(t, r.Sent.Before(r.Intended), "sent before its time")
		assert.False(t, r.Done.Before(r.Sent))
		assert.Equal(t, r.ServiceTime(), r.Phases.Sum(), "phases account for the service time")
	}
	require.Len(t, seen, 300)
	require.Len(t, spans, 300)
	zero := seen[0].Intended
	for n := range uint64(300) {
		offset, ok := schedule.At(n)
		require.True(t, ok)
		assert.Equal(t, offset, seen[n].Intended.Sub(zero), "request %d", n)
		assert.Equal(t, int(n/200), seen[n].Stage, "request %d", n)
	}
}

// dividesAmongShards runs the shards one after another, on one target, with one
// moment of the future as their zero.
func dividesAmongShards(t *testing.T, h Harness) {
	const count = 3
	var got sync.Map
	a := h.Serve(t, func(_ context.Context, traceparent string) { got.Store(traceparent, true) })
	a.Workers, a.MaxWorkers = 3, 30
	a.Load = []pace.Stage{{Constant: 500, Duration: 201 * time.Millisecond}, {Max: &pace.Max{Workers: 4}, Count: 50}}
	whole, err := pace.New(a.Load)
	require.NoError(t, err)
	id := loadgen.NewRunID()
	seen := map[uint64]bool{}
	for index := range count {
		plan, err := (&loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{a}}).Split(pace.Shard{Index: index, Count: count})
		require.NoError(t, err)
		begin := time.Now().Add(50 * time.Millisecond).Round(0) // of the wall clock, as what is agreed on
		res := do(t.Context(), t, plan, runner.Options{ID: id, Open: h.Open, Begin: begin})
		for _, r := range res.Records {
			require.False(t, seen[r.Seq], "request %d was another shard's", r.Seq)
			seen[r.Seq] = true
			assert.EqualValues(t, index, r.Seq%count)
			assert.Equal(t, id.TraceID(0, r.Seq), r.TraceID)
			_, ok := got.Load(traceparent(r))
			assert.True(t, ok, "target did not see %s", traceparent(r))
			if offset, open := whole.At(r.Seq); open {
				assert.Equal(t, offset, r.Intended.Sub(begin), "request %d", r.Seq)
			}
			assert.False(t, r.Sent.Before(begin), "sent before the run began")
		}
	}
	assert.Len(t, seen, 101+50)
}

func carriesTraceparent(t *testing.T, h Harness) {
	var got sync.Map
	a := h.Serve(t, func(_ context.Context, traceparent string) { got.Store(traceparent, true) })
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 4}, Count: 200}}
	res := Attack(t.Context(), t, h.Open, a, loadgen.Limits{})
	require.Len(t, res.Records, 200)
	for _, r := range res.Records {
		want := traceparent(r)
		_, ok := got.Load(want)
		assert.True(t, ok, "target did not see %s", want)
	}
}

func stopsInALongWait(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stopped atomic.Int64 // in nanoseconds
	a := h.Serve(t, func(context.Context, string) {
		time.AfterFunc(200*time.Millisecond, func() { // the first has ended by then, and the wait begun
			stopped.Store(time.Now().UnixNano())
			cancel()
		})
	})
	a.Load = []pace.Stage{{Constant: 0.01, Count: 3}}
	res := Attack(ctx, t, h.Open, a, loadgen.Limits{Grace: grace})
	assert.Less(t, time.Since(time.Unix(0, stopped.Load())), 1200*time.Millisecond)
	assert.Len(t, res.Records, 1)
	assert.EqualValues(t, 2, res.Account.Unsent)
	assert.Equal(t, loadgen.NotSentStopped, res.Account.UnsentReason)
}

func cutsOffAfterGrace(t *testing.T, h Harness) {
	a := h.Serve(t, stall)
	a.Load = []pace.Stage{{Constant: 100, Duration: time.Minute}}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	res := Attack(ctx, t, h.Open, a, loadgen.Limits{Grace: grace})
	assert.Less(t, res.Took, 300*time.Millisecond+grace+time.Second)
	require.NotEmpty(t, res.Records)
	for _, r := range res.Records {
		if r.Outcome != loadgen.NotSent {
			assert.Equal(t, loadgen.ErrorCancelled, r.Error, r.ErrorText)
		}
	}
}

func stopsWhileSaturated(t *testing.T, h Harness) {
	a := h.Serve(t, stall)
	a.Workers, a.MaxWorkers = 2, 2
	a.Load = []pace.Stage{{Constant: 1000, Duration: time.Minute}}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	res := Attack(ctx, t, h.Open, a, loadgen.Limits{Grace: grace})
	assert.Less(t, res.Took, 300*time.Millisecond+grace+time.Second)
	sent := 0
	for _, r := range res.Records {
		if r.Outcome == loadgen.NotSent {
			assert.Equal(t, loadgen.NotSentStopped, r.NotSent)
			continue
		}
		sent++
	}
	assert.Equal(t, 2, sent, "requests sent by two workers that never came back")
}

func showsSaturation(t *testing.T, h Harness) {
	const takes = 20 * time.Millisecond
	a := h.Serve(t, after(takes))
	a.Workers, a.MaxWorkers = 1, 1
	a.Load = []pace.Stage{{Constant: 1000, Count: 20}}
	res := Attack(t.Context(), t, h.Open, a, loadgen.Limits{Overrun: time.Minute})
	require.Len(t, res.Records, 20)
	for _, r := range res.Records {
		behind := time.Duration(r.Seq) * (takes - time.Millisecond) // one at a time, one wanted each ms
		assert.GreaterOrEqual(t, r.ResponseTime(), behind+takes, "request %d", r.Seq)
		assert.Equal(t, r.ResponseTime(), r.ServiceTime()+r.Lag())
		assert.GreaterOrEqual(t, r.Lag(), behind, "request %d", r.Seq)
	}
}

func keepsClosedLoop(t *testing.T, h Harness) {
	seen := &arrivals{entered: map[string]int{}}
	a := h.Serve(t, seen.around(after(2*time.Millisecond)))
	a.Load = []pace.Stage{
		{Constant: 200, Count: 20},
		{Max: &pace.Max{Workers: 5}, Count: 200},
	}
	res := Attack(t.Context(), t, h.Open, a, loadgen.Limits{Overrun: time.Second})
	require.Len(t, res.Records, 220)
	var loop []loadgen.Record
	for _, r := range res.Records {
		assert.Equal(t, r.Stage == 0, r.Open)
		if !r.Open {
			assert.Equal(t, r.Sent, r.Intended)
			loop = append(loop, r)
		}
	}
	most := mostAtOnce(loop)
	assert.LessOrEqual(t, most, 5)
	assert.GreaterOrEqual(t, most, 4)
	// What the target sees counts the requests of the stage before, too, and knows
	// nothing of our clocks.
	for _, r := range loop {
		assert.LessOrEqual(t, seen.with(t, r), 5, "requests at the target, with that of request %d", r.Seq)
	}
}

// arrivals are how many requests were at the target when one arrived, that one
// included, by its traceparent.
type arrivals struct {
	mu      sync.Mutex // guards all below
	inside  int
	entered map[string]int
}

func (s *arrivals) around(h Handler) Handler {
	return func(ctx context.Context, traceparent string) {
		s.mu.Lock()
		s.inside++
		s.entered[traceparent] = s.inside
		s.mu.Unlock()
		h(ctx, traceparent)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inside--
	}
}

func (s *arrivals) with(t *testing.T, r loadgen.Record) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.entered[traceparent(r)]
	require.True(t, ok, "the target did not see request %d", r.Seq)
	return n
}

func traceparent(r loadgen.Record) string { return fmt.Sprintf("00-%s-%s-03", r.TraceID, r.SpanID) }

// mostAtOnce is the greatest number of requests that were under way together.
func mostAtOnce(records []loadgen.Record) int {
	most := 0
	for _, r := range records {
		n := 0
		for _, other := range records {
			if !other.Sent.After(r.Sent) && other.Done.After(r.Sent) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func givesUpLateRequests(t *testing.T, h Harness) {
	a := h.Serve(t, after(20*time.Millisecond))
	a.Workers, a.MaxWorkers = 1, 1
	a.Load = []pace.Stage{{Constant: 1000, Duration: 100 * time.Millisecond}}
	res := Attack(t.Context(), t, h.Open, a, loadgen.Limits{Overrun: 200 * time.Millisecond})
	assert.Equal(t, loadgen.NotSentLate, res.Account.UnsentReason)
	assert.Greater(t, res.Account.Unsent, uint64(50))
	assert.EqualValues(t, 100, res.Account.Planned)
}

func leavesProcessAlone(t *testing.T, h Harness) {
	procs := runtime.GOMAXPROCS(0)
	a := h.Serve(t, quick)
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 2}, Count: 50}}
	Attack(t.Context(), t, h.Open, a, loadgen.Limits{})
	assert.Equal(t, procs, runtime.GOMAXPROCS(0))
	assert.False(t, signal.Ignored(syscall.SIGINT))
}
