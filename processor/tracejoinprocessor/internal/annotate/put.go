package annotate

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// Limits of what is written on a span.
type Limits struct {
	Lines  int // log lines that become events
	Others int // server spans of other services that are listed
	// Link is the URL of the request's log lines; nil for none.
	Link func(trace pcommon.TraceID, from, to time.Time) string
}

// How many attributes a joined span gets, about, and how many more with a runtime.
const (
	room        = 18
	runtimeRoom = 14
)

var ledgerNames = func() (names [ledger.Components]string) {
	for p := range ledger.Unexplained {
		names[p] = attr.JoinLedger + p.String()
	}
	names[ledger.Unexplained] = attr.JoinUnexplained
	return names
}()

// Put writes the result on the client span.
func (r *Result) Put(s ptrace.Span, l Limits) {
	a := s.Attributes()
	if r.Runtime.Known() {
		a.EnsureCapacity(a.Len() + room + runtimeRoom)
	} else {
		a.EnsureCapacity(a.Len() + room)
	}
	a.PutStr(attr.JoinStatus, string(r.Status))
	if len(r.Missing) > 0 {
		missing := a.PutEmptySlice(attr.JoinMissing)
		missing.EnsureCapacity(len(r.Missing))
		for _, m := range r.Missing {
			missing.AppendEmpty().SetStr(string(m))
		}
	}
	a.PutStr(attr.JoinReleased, string(r.Reason))
	a.PutDouble(attr.JoinResponseTime, r.Client.Request.Response.Seconds())
	for p, d := range r.Ledger {
		if d != 0 || ledger.Component(p) == ledger.Unexplained {
			a.PutDouble(ledgerNames[p], d.Seconds())
		}
	}
	if r.Server.Resolution != "" {
		r.putServer(a)
	}
	r.putOthers(a, l.Others)
	if r.Runtime.Known() {
		putRuntime(a, &r.Runtime)
	}
	putGC(a, &r.Runtime.GC)
	r.putLines(s, l)
}

func (r *Result) putServer(a pcommon.Map) {
	v := &r.Server
	putStr(a, attr.JoinServerService, v.Resource.Service)
	putStr(a, attr.JoinServerNamespace, v.Resource.Namespace)
	putStr(a, attr.JoinServerInstance, v.Resource.Instance)
	putStr(a, attr.JoinServerRoute, v.Route)
	a.PutStr(attr.JoinServerSpan, v.ID.String())
	a.PutStr(attr.JoinServerResolution, v.Resolution)
	a.PutDouble(attr.JoinServerDuration, v.Duration.Seconds())
	if v.Spans > 1 {
		a.PutInt(attr.JoinServerSpans, int64(v.Spans))
	}
	if r.Clocked {
		a.PutDouble(attr.JoinClockOffset, r.Clock.Offset.Seconds())
		a.PutDouble(attr.JoinClockBound, r.Clock.Bound.Seconds())
	}
}

func putStr(a pcommon.Map, key, v string) {
	if v != "" {
		a.PutStr(key, v)
	}
}

func (r *Result) putOthers(a pcommon.Map, limit int) {
	listed := min(limit, len(r.Others))
	if listed > 0 {
		list := a.PutEmptySlice(attr.JoinServerOthers)
		for i := range listed {
			list.AppendEmpty().SetStr(r.Others[i].Resource.Service)
		}
	}
	if cut := len(r.Others) - listed + r.OthersCut; cut > 0 {
		a.PutInt(attr.JoinServerOthersCut, int64(cut))
	}
}

// named is a figure of the runtime and its attribute.
type named struct {
	field window.Field
	key   string
}

var (
	levels = [...]named{
		{window.Goroutines, attr.JoinRuntimeGoroutines},
		{window.Heap, attr.JoinRuntimeHeap},
		{window.Memory, attr.JoinRuntimeMemory},
		{window.GCGoal, attr.JoinRuntimeGCGoal},
		{window.Processors, attr.JoinRuntimeProcessors},
		{window.ScheduleP99, attr.JoinRuntimeScheduleP99},
		{window.EventLoopP99, attr.JoinRuntimeEventLoopP99},
	}
	counts = [...]named{
		{window.GCCycles, attr.JoinRuntimeGCCycles},
		{window.GCPause, attr.JoinRuntimeGCPause},
		{window.Allocated, attr.JoinRuntimeAllocated},
	}
)

func putRuntime(a pcommon.Map, w *window.Answer) {
	a.PutStr(attr.JoinRuntimeResolution, w.Resolution)
	known := w.Levels
	if known[window.Heap].OK {
		known[window.Memory] = window.Value{} // of which it is a part
	}
	oldest, some := time.Duration(0), false
	for _, v := range known {
		if v.OK && (!some || v.Age > oldest) {
			oldest, some = v.Age, true
		}
	}
	if some {
		a.PutDouble(attr.JoinRuntimeAge, oldest.Seconds())
	}
	for _, l := range levels {
		v := known[l.field]
		if !v.OK {
			continue
		}
		a.PutDouble(l.key, v.V)
		if v.Age != oldest {
			a.PutDouble(l.key+attr.JoinRuntimeAgeSuffix, v.Age.Seconds())
		}
	}
	if w.Window > 0 {
		putCounts(a, w)
	}
}

func putGC(a pcommon.Map, g *window.GC) {
	if g.Overlap == "" {
		return
	}
	a.PutStr(attr.JoinGCOverlap, g.Overlap)
	a.PutStr(attr.JoinGCResolution, g.Resolution)
	if g.Cycles > 0 {
		a.PutInt(attr.JoinGCCycles, int64(g.Cycles))
		a.PutDouble(attr.JoinGCLeast, g.Least.Seconds())
		a.PutDouble(attr.JoinGCMost, g.Most.Seconds())
		a.PutDouble(attr.JoinGCPause, g.Pause.Seconds())
	}
}

func putCounts(a pcommon.Map, w *window.Answer) {
	a.PutDouble(attr.JoinRuntimeWindow, w.Window.Seconds())
	for _, c := range counts {
		if v := w.Counts[c.field]; v.OK {
			a.PutDouble(c.key, v.V)
		}
	}
	if v := w.Counts[window.CPU]; v.OK {
		a.PutDouble(attr.JoinRuntimeCPU, v.V/v.Width.Seconds())
	}
}

func (r *Result) putLines(s ptrace.Span, l Limits) {
	a := s.Attributes()
	found := len(r.Lines) + r.LinesCut
	if found > 0 {
		a.PutInt(attr.JoinLogLines, int64(found))
	}
	shown := min(len(r.Lines), l.Lines)
	for i := range shown {
		line := &r.Lines[i]
		e := s.Events().AppendEmpty()
		e.SetName(attr.EventLog)
		e.SetTimestamp(pcommon.NewTimestampFromTime(line.Time))
		putStr(e.Attributes(), attr.LogSeverity, line.Severity)
		e.Attributes().PutStr(attr.LogBody, line.Body)
		if line.Cut {
			e.Attributes().PutBool(attr.LogBodyCut, true)
		}
		putStr(e.Attributes(), attr.LogService, line.Service)
		if !line.SpanID.IsEmpty() {
			e.Attributes().PutStr(attr.LogSpan, line.SpanID.String())
		}
	}
	if cut := found - shown; cut > 0 {
		a.PutInt(attr.JoinLogsCut, int64(cut))
	}
	if l.Link != nil {
		from, to := r.LogSpan()
		putStr(a, attr.JoinLogsURL, l.Link(r.Trace, from, to))
	}
}
