package grpcengine

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

var methods = []string{"Unary", "Client", "Server", "Both"}

// spans of time in which a target worked on calls, by the call's traceparent.
type works struct {
	mu   sync.Mutex // guards each
	each map[string][2]time.Time
}

func (w *works) handle(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
	begin := time.Now()
	time.Sleep(10 * time.Millisecond)
	w.mu.Lock()
	w.each[header(s.Context(), "traceparent")[3:35]] = [2]time.Time{begin, time.Now()}
	w.mu.Unlock()
	return echo(s, recv)
}

// Of a target that allows one stream at a time, b4b6144 said that it takes 3 s, where
// it took 100 ms and calls had waited for their turn.
func TestWaitingForAStreamIsNotTheTargetsTime(t *testing.T) {
	for _, method := range methods {
		t.Run(method, func(t *testing.T) {
			w := &works{each: map[string][2]time.Time{}}
			a := startTarget(t, w.handle, grpc.MaxConcurrentStreams(1)).attack(method)
			a.GRPC.Connections = 1
			a.Load = []pace.Stage{{Constant: 500, Count: 20}}
			records := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records
			allOK(t, records)
			slices.SortFunc(records, func(x, y loadgen.Record) int {
				return w.each[x.TraceID.String()][0].Compare(w.each[y.TraceID.String()][0])
			})
			for i, r := range records[1:] {
				p := r.Phases
				opened := r.Sent.Add(p.Conn + p.DNS + p.Connect + p.TLS)
				assert.False(t, opened.Before(w.each[records[i].TraceID.String()][1]), "the call before had the stream until then")
				assert.Equal(t, r.ServiceTime(), p.Sum())
			}
		})
	}
}

// noStreams allows none, ever.
func noStreams(t *testing.T) *rawTarget {
	return startRaw(t, []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: 0}}, func(c *rawConn, n uint32) { c.ok(n) })
}

func TestATimeoutBeforeTheCallHasAStreamIsNotSent(t *testing.T) {
	for _, method := range methods {
		for _, ready := range []bool{false, true} {
			r := noStreams(t)
			a := r.attack(t, method)
			a.GRPC.Timeout, a.GRPC.WaitForReady = 100*time.Millisecond, ready
			// The first call's time may be over before its connection is made.
			a.Load = oneByOne(5)
			records := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records
			last := records[len(records)-1]
			assert.Equal(t, loadgen.NotSent, last.Outcome, "%s %s", last.Error, last.ErrorText)
			assert.Equal(t, loadgen.NotSentConnectionWait, last.NotSent)
			assert.Zero(t, last.Phases)
			assert.True(t, last.Due())
			assert.Zero(t, r.arrived())
		}
	}
}

// runOf is the run of the one attack under way.
func runOf(t *testing.T) (found *run) {
	require.Eventually(t, func() bool {
		attached.Range(func(_, r any) bool { found = r.(*run); return false })
		return found != nil
	}, time.Minute, time.Millisecond)
	return found
}

func waits(r *run, w wait) bool {
	for _, c := range r.calls.all() {
		c.mu.Lock()
		is := c.wait == w
		c.mu.Unlock()
		if is {
			return true
		}
	}
	return false
}

func TestAStopWhileACallWaitsForAStreamLeavesItUnsent(t *testing.T) {
	for _, method := range methods {
		a := noStreams(t).attack(t, method)
		a.GRPC.Timeout = time.Minute
		a.Load = oneByOne(1)
		ctx, stop := context.WithCancel(t.Context())
		var stopping sync.WaitGroup
		stopping.Go(func() {
			r := runOf(t)
			assert.Eventually(t, func() bool { return waits(r, waitStream) }, time.Minute, time.Millisecond)
			stop()
		})
		records := loadgentest.Attack(ctx, t, Open, a, loadgen.Limits{}).Records
		stopping.Wait()
		require.Len(t, records, 1)
		assert.Equal(t, loadgen.NotSent, records[0].Outcome, "%s %s", records[0].Error, records[0].ErrorText)
		assert.Equal(t, loadgen.NotSentStopped, records[0].NotSent)
	}
}

// mute takes connections and says nothing.
func mute(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestAStopWhileACallDialsCutsItOff(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.GRPC.Target, a.GRPC.Timeout = mute(t), time.Minute
	a.Load = oneByOne(1)
	ctx, stop := context.WithCancel(t.Context())
	var stopping sync.WaitGroup
	stopping.Go(func() {
		r := runOf(t)
		assert.Eventually(t, func() bool { return waits(r, waitDial) }, time.Minute, time.Millisecond)
		stop()
	})
	records := loadgentest.Attack(ctx, t, Open, a, loadgen.Limits{}).Records
	stopping.Wait()
	failsAs(t, records, loadgen.ErrorCancelled, 1)
	assert.False(t, records[0].Due())
}

func TestADialThatHangsIsTheCallsAttempt(t *testing.T) {
	g := startTarget(t, echo)
	for _, method := range methods {
		for _, ready := range []bool{false, true} {
			a := g.attack(method)
			a.GRPC.Target, a.GRPC.Timeout, a.GRPC.WaitForReady = mute(t), 200*time.Millisecond, ready
			records := g.run(t, a, 2)
			failsAs(t, records, loadgen.ErrorTimeout, 4)
			for _, r := range records {
				assert.Positive(t, r.Phases.Connect, "it dialled, and did not wait for others")
			}
		}
	}
}

// b4b6144 failed whatever came in the second after a dial that was refused, and in the
// minutes after several, as refused.
func TestATargetThatIsUpAgainIsDialledSoon(t *testing.T) {
	for _, method := range methods {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			g := prepareTarget(t, echo)
			addr := closedPort(t)
			a := g.attack(method)
			a.GRPC.Target, a.GRPC.Connections = addr, 1
			a.Load = []pace.Stage{{Constant: 50, Duration: 1500 * time.Millisecond}}
			var up atomic.Pointer[time.Time]
			var refused, away, good int
			attackEach(t, a, func(r *loadgen.Record) {
				at := up.Load()
				switch {
				case r.NotSent == loadgen.NotSentBackoff:
					if away++; at != nil {
						return
					}
					l, err := net.Listen("tcp", addr)
					require.NoError(t, err)
					g.startOn(l)
					now := time.Now()
					up.Store(&now)
				case r.Error == loadgen.ErrorRefused:
					refused++
					assert.True(t, at == nil || r.Sent.Before(at.Add(500*time.Millisecond)), "refused, though the target is up")
				default:
					assert.True(t, r.OK(), "%s %s %s", r.NotSent, r.Error, r.ErrorText)
					good++
				}
			})
			assert.Positive(t, refused, "the dial was the call's attempt")
			assert.Positive(t, away, "calls that came too soon after")
			assert.Positive(t, good)
		})
	}
}

// A target that is restarted takes the connection with it; the next call dials.
func TestAfterARestartOfTheTargetCallsGoOn(t *testing.T) {
	g := startTarget(t, echo)
	again := prepareTarget(t, echo)
	a := g.attack("Unary")
	a.GRPC.Connections = 1
	a.Load = oneByOne(20)
	var records []loadgen.Record
	attackEach(t, a, func(r *loadgen.Record) {
		if records = append(records, *r); len(records) == 10 {
			g.serve.Stop()
			l, err := net.Listen("tcp", g.addr)
			require.NoError(t, err)
			again.startOn(l)
		}
	})
	require.Len(t, records, 20)
	allOK(t, records[:10])
	bad := 0
	for _, r := range records[10:] {
		if !r.OK() {
			bad++
			assert.Contains(t, []loadgen.ErrorKind{loadgen.ErrorClosed, loadgen.ErrorReset}, r.Error, "%s %s", r.NotSent, r.ErrorText)
		}
	}
	assert.LessOrEqual(t, bad, 1, "of a call that was on the old connection")
}

func TestACallThatWaitsForReadyOutlastsRefusals(t *testing.T) {
	g := prepareTarget(t, echo)
	addr := closedPort(t)
	a := g.attack("Unary")
	a.GRPC.Target, a.GRPC.Connections, a.GRPC.WaitForReady, a.GRPC.Timeout = addr, 1, true, time.Minute
	a.Load = oneByOne(1)
	var starting sync.WaitGroup
	starting.Go(func() {
		r := runOf(t)
		assert.Eventually(t, func() bool { // after some refusals
			for _, c := range r.calls.all() {
				c.mu.Lock()
				since := r.now() - c.begin
				c.mu.Unlock()
				return since > 3*redial.MaxDelay
			}
			return false
		}, time.Minute, time.Millisecond)
		l, err := net.Listen("tcp", addr)
		assert.NoError(t, err)
		g.startOn(l)
	})
	attackEach(t, a, func(r *loadgen.Record) { assert.True(t, r.OK(), "%s %s %s", r.NotSent, r.Error, r.ErrorText) })
	starting.Wait()
}

// b4b6144 said OK of a stream of which nothing was ever heard, if the plan closes it.
func TestAStreamThatThePlanClosesIsFinishedIfSomethingWasHeard(t *testing.T) {
	for name, c := range map[string]struct {
		send func(s grpc.ServerStream, note *dynamicpb.Message)
		ok   bool
	}{
		"nothing":   {func(grpc.ServerStream, *dynamicpb.Message) {}, false},
		"a header":  {func(s grpc.ServerStream, _ *dynamicpb.Message) { _ = s.SendHeader(metadata.MD{}) }, true},
		"a message": {func(s grpc.ServerStream, m *dynamicpb.Message) { _ = s.SendMsg(m) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
				note, _ := recv()
				c.send(s, note)
				return silent(s, recv)
			})
			a := g.attack("Server")
			// The first call's time may be over before the target has its say.
			a.GRPC.Stream.Duration = 500 * time.Millisecond
			records := g.run(t, a, 2)
			if !c.ok {
				failsAs(t, records, loadgen.ErrorTimeout, 4)
				return
			}
			for _, r := range records {
				assert.True(t, r.OK(), "%s %s", r.Error, r.ErrorText)
			}
		})
	}
}

// b4b6144 waited for the calls under way, which may take as long as their timeout, and
// for the next request of the schedule.
func TestAFaultOfATemplateEndsTheRunWithinTheGrace(t *testing.T) {
	faulty := `{{if lt .RequestNumber 3}}1{{else}}{{fail "too many"}}{{end}}`
	for _, method := range methods {
		for name, change := range map[string]func(*loadgen.GRPC){
			"data":     func(s *loadgen.GRPC) { s.Data = `{"number": "` + faulty + `"}` },
			"metadata": func(s *loadgen.GRPC) { s.Metadata = map[string]string{"x-n": faulty} },
		} {
			t.Run(method+"/"+name, func(t *testing.T) {
				a := startTarget(t, silent).attack(method)
				a.GRPC.Timeout = 10 * time.Minute
				change(a.GRPC)
				a.Load = []pace.Stage{{Constant: 1000, Count: 4}, {Constant: 1.0 / 3600, Duration: time.Hour}}
				setup := setupOf(a)
				setup.Limits.Grace = 10 * time.Millisecond
				e, err := Open(setup)
				require.NoError(t, err)
				began := time.Now()
				records, err := carryOut(t, e, a)
				require.ErrorContains(t, err, "too many")
				var key *pace.KeyError
				require.ErrorAs(t, err, &key)
				assert.Equal(t, map[string]string{"data": "grpc.data", "metadata": "grpc.metadata.x-n"}[name], key.Key)
				assert.Less(t, time.Since(began), time.Minute, "as long as the grace, and not as the calls")
				for _, r := range records {
					if r.Outcome == loadgen.NotSent {
						assert.Equal(t, loadgen.NotSentError, r.NotSent)
					} else {
						assert.Equal(t, loadgen.ErrorCancelled, r.Error, r.ErrorText)
						assert.False(t, r.Due())
					}
				}
			})
		}
	}
}

func TestAFaultOfATemplateEndsTheOtherAttacksToo(t *testing.T) {
	g := startTarget(t, silent)
	faulty, other := g.attack("Both"), g.attack("Server")
	faulty.Name, other.Name = "faulty", "other"
	faulty.GRPC.Data = `{"number": "{{if lt .RequestNumber 2}}1{{else}}{{fail "too many"}}{{end}}"}`
	faulty.GRPC.Timeout, other.GRPC.Timeout = 10*time.Minute, 10*time.Minute
	faulty.Load = []pace.Stage{{Constant: 1000, Count: 3}}
	other.Load = []pace.Stage{{Constant: 1000, Count: 3}, {Constant: 1.0 / 3600, Duration: time.Hour}}
	plan := &loadgen.Plan{
		Name: "two", Attacks: []loadgen.Attack{faulty, other}, Limits: loadgen.Limits{Grace: 10 * time.Millisecond},
	}
	var records atomic.Int64
	r, err := runner.New(plan, runner.Options{ID: loadgen.NewRunID(), Open: Open, Sink: func(*loadgen.Record) { records.Add(1) }})
	require.NoError(t, err)
	began := time.Now()
	require.ErrorContains(t, r.Do(t.Context()), "too many")
	assert.Less(t, time.Since(began), time.Minute)
	var given uint64
	for _, account := range r.Accounts() {
		assert.True(t, account.Ended)
		given += account.Given
	}
	assert.EqualValues(t, given, records.Load())
}

// A connection counts also where no call on it was sent.
func TestADialCountsThoughTheTargetAllowsNoStream(t *testing.T) {
	for _, method := range methods {
		for _, connections := range []int{1, 3} {
			target := noStreams(t)
			a := target.attack(t, method)
			a.GRPC.Timeout, a.GRPC.Connections = 200*time.Millisecond, connections
			a.Load = []pace.Stage{{Max: &pace.Max{Workers: 4}, Count: 8}}
			dialed := 0
			for _, r := range loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records {
				dialed += r.Dialed
			}
			target.mu.Lock()
			assert.Equal(t, target.accepted, dialed, method)
			assert.Equal(t, connections, dialed, method)
			target.mu.Unlock()
		}
	}
}
