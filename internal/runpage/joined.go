package runpage

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/runs/report"
)

// Watch returns a function that gives a builder what the join knows of each client span
// that it is called with. It may be called by many goroutines at once.
func Watch(b *report.Builder) func(ptrace.Span) {
	return func(span ptrace.Span) {
		if j, ok := joinedOf(span); ok {
			b.Join(&j)
		}
	}
}

// ledger is the attributes of the components, with the report's names for them, in the
// order in which they happen.
var ledger = report.LedgerNames()

func joinedOf(span ptrace.Span) (j report.Joined, ok bool) {
	a := span.Attributes()
	if _, joined := a.Get(attr.JoinStatus); !joined {
		return j, false
	}
	response, _ := seconds(a, attr.JoinResponseTime)
	j.Response = response
	for _, c := range ledger {
		key := attr.JoinLedger + c.Key
		if c.Key == report.Unexplained {
			key = attr.JoinUnexplained
		}
		if took, known := seconds(a, key); known {
			j.Ledger = append(j.Ledger, report.Component{Name: c.Name, Took: took})
		}
	}
	if v, known := a.Get(attr.JoinGCOverlap); known {
		j.GCOverlap = v.AsString()
	}
	j.Instance = instance(a)
	j.Levels = levels(a, span.EndTimestamp().AsTime())
	return j, true
}

func instance(a pcommon.Map) string {
	return report.InstanceName(text(a, attr.JoinServerService), text(a, attr.JoinServerInstance))
}

// levels of the runtime, whose sample was taken a while before the request ended.
func levels(a pcommon.Map, end time.Time) report.Levels {
	l := report.Unknown()
	age, known := seconds(a, attr.JoinRuntimeAge)
	if !known {
		return l
	}
	l.At = end.Add(-age)
	for key, level := range map[string]report.LevelIndex{
		attr.JoinRuntimeCPU: report.LevelCPU, attr.JoinRuntimeGoroutines: report.LevelGoroutines, attr.JoinRuntimeHeap: report.LevelHeap,
		attr.JoinRuntimeGCGoal: report.LevelGCGoal, attr.JoinRuntimeMemory: report.LevelMemory,
		attr.JoinRuntimeScheduleP99: report.LevelScheduler, attr.JoinRuntimeEventLoopP99: report.LevelEventLoop,
	} {
		if v, ok := number(a, key); ok {
			l.Set(level, v)
		}
	}
	if window, ok := number(a, attr.JoinRuntimeWindow); ok && window > 0 {
		if v, ok := number(a, attr.JoinRuntimeGCCycles); ok {
			l.Set(report.LevelGCCycles, v/window)
		}
		if v, ok := number(a, attr.JoinRuntimeGCPause); ok {
			l.Set(report.LevelGCPause, v/window)
		}
	}
	return l
}

func text(a pcommon.Map, key string) string {
	v, _ := a.Get(key)
	if v.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return v.Str()
}

func number(a pcommon.Map, key string) (float64, bool) {
	v, ok := a.Get(key)
	if !ok {
		return 0, false
	}
	switch v.Type() {
	case pcommon.ValueTypeDouble:
		return v.Double(), true
	case pcommon.ValueTypeInt:
		return float64(v.Int()), true
	}
	return 0, false
}

// seconds is an attribute of a number of seconds, if it can be one.
func seconds(a pcommon.Map, key string) (time.Duration, bool) {
	v, ok := number(a, key)
	if !ok || v != v || v < -1e6 || v > 1e6 {
		return 0, false
	}
	return time.Duration(v * float64(time.Second)), true
}
