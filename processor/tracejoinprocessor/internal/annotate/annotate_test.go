package annotate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/goldentest"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

const ms = time.Millisecond

var (
	epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now   = epoch.Add(3 * time.Hour)
	trace = pcommon.TraceID{1, 2, 3}
	auth  = &join.Resource{Service: "auth", Instance: "a"}
	store = &join.Resource{Service: "store", Instance: "s"}
)

func match(j *join.Joined, now time.Time, waited time.Duration) (r annotate.Result) {
	r.Match(j, now, waited)
	return r
}

func at(d time.Duration) pcommon.Timestamp { return pcommon.NewTimestampFromTime(epoch.Add(d)) }

func id(n byte) pcommon.SpanID { return pcommon.SpanID{7: n} }

// client is a span of 100 ms, the first of a payload.
func client(td ptrace.Traces) ptrace.Span {
	s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(trace)
	s.SetSpanID(id(1))
	s.SetName("GET")
	s.SetKind(ptrace.SpanKindClient)
	s.SetStartTimestamp(at(0))
	s.SetEndTimestamp(at(100 * ms))
	return s
}

// ours has the phases of our generator on it.
func ours(s ptrace.Span) ptrace.Span {
	for _, p := range []struct {
		key  string
		took time.Duration
	}{
		{attr.ResponseTime, 110 * ms}, {attr.ScheduleLag, 10 * ms}, {attr.PhaseConnection, 5 * ms}, {attr.PhaseDNS, ms}, {attr.PhaseConnect, 2 * ms},
		{attr.PhaseTLS, 3 * ms}, {attr.PhaseWrite, ms}, {attr.PhaseWait, 80 * ms}, {attr.PhaseRead, 4 * ms},
	} {
		s.Attributes().PutDouble(p.key, p.took.Seconds())
	}
	s.Attributes().PutStr(attr.RunID, "r1")
	s.Attributes().PutStr(attr.AttackName, "web")
	return s
}

func server(n, parent byte, from *join.Resource, began, ended time.Duration) join.Server {
	return join.Server{Trace: trace, ID: id(n), Parent: id(parent), Began: at(began), Ended: at(ended), Resource: from}
}

func joined(s ptrace.Span, servers ...join.Server) *join.Joined {
	return &join.Joined{Client: join.Client{Trace: trace, ID: s.SpanID(), Span: s}, Of: &join.Trace{ID: trace, Servers: servers, Clients: 1}, Alone: true}
}

// everything is a result in which nothing is missing.
func everything(s ptrace.Span) annotate.Result {
	direct := server(2, 1, auth, 2012*ms, 2082*ms)
	direct.Route = "/auth/validate"
	j := joined(s, direct, server(3, 2, store, 2020*ms, 2030*ms), server(4, 2, store, 2040*ms, 2050*ms))
	j.Of.CutServers = 2
	j.Of.Lines = []logline.Line{
		{TraceID: trace, SpanID: id(2), Time: epoch.Add(2013 * ms), Severity: "WARN", Body: "slow", Service: "auth"},
		{TraceID: trace, Time: epoch.Add(2014 * ms), Body: "cut off here", Cut: true},
		{TraceID: trace, Time: epoch.Add(2015 * ms), Body: "one too many"},
	}
	j.Of.CutLines = 3
	r := match(j, now, 0)
	r.Reason = join.Waited
	r.Clock, r.Clocked = clock.Estimate{Offset: 2 * time.Second, Bound: 3 * ms}, true
	r.Runtime = runtime()
	r.Observed = annotate.Signals{Samples: true, Lines: true}
	r.Conclude(annotate.Expected{Runtime: true, Logs: true})
	return r
}

func runtime() (a window.Answer) {
	a.Resolution = window.ByInstance
	for f, v := range map[window.Field]float64{
		window.Goroutines: 12, window.Heap: 4e6, window.GCGoal: 8e6, window.Processors: 2, window.ScheduleP99: 0.0002,
	} {
		a.Levels[f] = window.Value{V: v, Age: 900 * ms, OK: true}
	}
	a.Levels[window.ScheduleP99].Age = 1900 * ms
	for f, v := range map[window.Field]float64{window.GCCycles: 2, window.GCPause: 0.0005, window.Allocated: 1e6, window.CPU: 3} {
		a.Counts[f] = window.Value{V: v, Width: 2 * time.Second, OK: true}
	}
	a.Window = 2 * time.Second
	a.GC = window.GC{Overlap: window.OverlapYes, Resolution: window.ByCycles, Cycles: 1, Least: ms, Most: 3 * ms, Pause: ms / 10}
	return a
}

func TestWhatIsWrittenOnSpans(t *testing.T) {
	limits := annotate.Limits{Lines: 2, Others: 1, Link: func(id pcommon.TraceID, _, _ time.Time) string { return "http://grafana.test/" + id.String() }}
	for name, write := range map[string]func(ptrace.Span){
		"everything": func(s ptrace.Span) {
			r := everything(ours(s))
			require.Equal(t, annotate.Complete, r.Status)
			r.Put(s, limits)
		},
		"nothing": func(s ptrace.Span) {
			r := match(joined(s), now, 0)
			r.Reason = join.OverBudget
			r.Conclude(annotate.Expected{Runtime: true, Logs: true})
			r.Put(s, annotate.Limits{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			td := ptrace.NewTraces()
			write(client(td))
			json, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
			require.NoError(t, err)
			goldentest.Equal(t, name+".json", json)
		})
	}
}

func TestTheDirectChildWinsAndOthersAreListed(t *testing.T) {
	s := client(ptrace.NewTraces())
	r := match(joined(s, server(3, 2, store, -time.Hour, time.Hour), server(2, 1, auth, 10*ms, 60*ms)), now, 0)
	assert.Equal(t, id(2), r.Server.ID)
	assert.Equal(t, annotate.ByChild, r.Server.Resolution)
	assert.Equal(t, 50*ms, r.Server.Duration)
	require.Len(t, r.Others, 1)
	assert.Equal(t, "store", r.Others[0].Resource.Service)
}

// Retries and redirects: the request was answered by the last of them.
func TestOfSeveralChildrenTheTimeInWhichAnyWasOpenCounts(t *testing.T) {
	s := client(ptrace.NewTraces())
	r := match(joined(s, server(4, 1, auth, 50*ms, 70*ms), server(2, 1, auth, 10*ms, 40*ms), server(3, 1, auth, 20*ms, 30*ms)), now, 0)
	assert.Equal(t, id(4), r.Server.ID)
	assert.Equal(t, 3, r.Server.Spans)
	assert.Equal(t, 50*ms, r.Server.Duration)
	_, ok := r.Pair()
	assert.False(t, ok, "it is not known which of them was asked when")
	assert.Empty(t, r.Others)
}

func TestOfATraceWithSeveralClientsEachHasItsOwnLines(t *testing.T) {
	j := joined(client(ptrace.NewTraces()), server(2, 1, auth, 10*ms, 60*ms))
	j.Alone = false
	for _, n := range []byte{1, 2, 3, 0} {
		j.Of.Lines = append(j.Of.Lines, logline.Line{SpanID: id(n)})
	}
	r := match(j, now, 0)
	assert.Len(t, r.Lines, 2)
	j.Alone = true
	r = match(j, now, 0)
	assert.Len(t, r.Lines, 4)
}

// The pair for the clock begins when a connection was there, so that the time to
// make one does not widen the bound.
func TestThePairOfTheClockBeginsWithTheRequestItself(t *testing.T) {
	r := match(joined(ours(client(ptrace.NewTraces())), server(2, 1, auth, 20*ms, 90*ms)), now, 0)
	p, ok := r.Pair()
	require.True(t, ok)
	assert.Equal(t, epoch.Add(11*ms), p.Sent)
	r.Client.Answered = false
	_, ok = r.Pair()
	assert.False(t, ok)
}

// Scraped samples are placed by the clock, if there is one.
func TestTheRuntimeIsAskedWithTheClockAndItsBound(t *testing.T) {
	r := everything(ours(client(ptrace.NewTraces())))
	q, ok := r.Query(time.Minute)
	require.True(t, ok)
	assert.Equal(t, 2*time.Second, q.Offset)
	assert.Equal(t, 3*ms, q.Bound)
	assert.True(t, q.Clocked)
	r.Clocked = false
	q, _ = r.Query(time.Minute)
	assert.False(t, q.Clocked)
}

func TestTheStatusSaysWhatIsMissingOfWhatIsExpected(t *testing.T) {
	all := annotate.Expected{Runtime: true, Logs: true}
	for _, c := range []struct {
		name    string
		change  func(*annotate.Result)
		expect  annotate.Expected
		status  annotate.Status
		missing []annotate.Missing
		absent  []annotate.Absent
	}{
		{"all", func(*annotate.Result) {}, all, annotate.Complete, nil, nil},
		{"logs", func(r *annotate.Result) { r.Lines, r.LinesCut = nil, 0 }, all, annotate.Partial, []annotate.Missing{annotate.NoLogs}, nil},
		{"logs that nobody brings", func(r *annotate.Result) { r.Lines, r.LinesCut = nil, 0 }, annotate.Expected{Runtime: true}, annotate.Complete, nil, nil},
		{"lines beyond the bound are lines", func(r *annotate.Result) { r.Lines = nil }, all, annotate.Complete, nil, nil},
		{"old samples", func(r *annotate.Result) { r.Runtime = window.Answer{TooOld: true} }, all, annotate.Partial, []annotate.Missing{annotate.RuntimeTooOld}, nil},
		{"clock", func(r *annotate.Result) { r.Clocked = false }, all, annotate.Partial, []annotate.Missing{annotate.NoClock}, nil},
		{"server", func(r *annotate.Result) { r.Server = annotate.Server{} }, all, annotate.Partial, []annotate.Missing{annotate.NoServerSpan}, nil},
		{"everything", func(r *annotate.Result) {
			*r = annotate.Result{Client: clientspan.Client{NotSampled: true}, Observed: annotate.Signals{Samples: true, Lines: true}}
		}, all, annotate.None, []annotate.Missing{annotate.NotSampled, annotate.NoRuntime, annotate.NoLogs}, nil},
		// Once 0 % of the requests of a service that sends spans alone were complete.
		{"a service that sends spans alone", func(r *annotate.Result) {
			r.Runtime, r.Lines, r.LinesCut, r.Observed = window.Answer{}, nil, 0, annotate.Signals{}
		}, all, annotate.Complete, nil, []annotate.Absent{annotate.RuntimeNeverSent, annotate.LogsNeverSent}},
		{"a process that is not Go", func(r *annotate.Result) {
			r.Runtime, r.Observed.Samples, r.Server.Resource = window.Answer{}, false, &join.Resource{NotGo: true}
		}, all, annotate.Complete, nil, []annotate.Absent{annotate.NotGo}},
		{"a process that is not Go, with a runtime all the same", func(r *annotate.Result) { r.Server.Resource = &join.Resource{NotGo: true} }, all, annotate.Complete, nil, nil},
		{"another instance of the service sends samples", func(r *annotate.Result) { r.Runtime = window.Answer{} }, all,
			annotate.Partial, []annotate.Missing{annotate.NoRuntime}, nil},
		{"no server span, where nobody sends anything else", func(r *annotate.Result) {
			*r = annotate.Result{}
		}, all, annotate.None, []annotate.Missing{annotate.NoServerSpan}, []annotate.Absent{annotate.RuntimeNeverSent, annotate.LogsNeverSent}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := everything(ours(client(ptrace.NewTraces())))
			c.change(&r)
			r.Conclude(c.expect)
			r.Conclude(c.expect) // as after a look-up: it says nothing twice
			assert.Equal(t, c.status, r.Status)
			assert.ElementsMatch(t, c.missing, r.Missing)
			absent := slices.DeleteFunc([]annotate.Absent{r.NoRuntime, r.NoLogs}, func(a annotate.Absent) bool { return a == "" })
			assert.ElementsMatch(t, c.absent, absent)
		})
	}
}

// All that is no stack was once shown as heap.
func TestTheRuntimesMemoryIsWrittenWhereNoHeapIsTold(t *testing.T) {
	td := ptrace.NewTraces()
	span := client(td)
	r := everything(ours(span))
	r.Runtime.Levels[window.Memory] = window.Value{V: 9e6, Age: 900 * ms, OK: true}
	r.Put(span, annotate.Limits{})
	_, ok := span.Attributes().Get(attr.JoinRuntimeMemory)
	assert.False(t, ok, "the heap says more")

	span = client(ptrace.NewTraces())
	r = everything(ours(span))
	r.Runtime.Levels[window.Memory] = window.Value{V: 9e6, Age: 900 * ms, OK: true}
	r.Runtime.Levels[window.Heap] = window.Value{}
	r.Put(span, annotate.Limits{})
	memory, _ := span.Attributes().Get(attr.JoinRuntimeMemory)
	assert.InDelta(t, 9e6, memory.Double(), 0)
	_, ok = span.Attributes().Get(attr.JoinRuntimeHeap)
	assert.False(t, ok)
}
