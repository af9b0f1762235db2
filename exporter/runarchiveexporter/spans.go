package runarchiveexporter

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// spans takes what the join has written on the client spans of open runs.
func (k *keeper) spans(td ptrace.Traces) {
	now := time.Now().UnixNano()
	var row archive.Request
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if span.Kind() != ptrace.SpanKindClient {
					continue
				}
				id := loadgen.TraceID(span.TraceID())
				o := k.of(loadgen.RunID(id[:8]))
				if o == nil {
					continue
				}
				if attack, seq, ok := o.request(id); ok {
					o.last.Store(now)
					row = archive.Request{AttackIndex: attack, Seq: seq}
					joined(&row.Joined, span.Attributes())
					o.Join(&row)
					if !k.takesLogs {
						o.events(&row, span)
					}
				}
			}
		}
	}
}

// request is which request of the run a trace is of.
func (o *open) request(id loadgen.TraceID) (attack int, seq uint64, ok bool) {
	attack, seq, ok = o.Run().Request(id)
	return attack, seq, ok && attack < o.attacks
}

// joined reads what the join has written.
func joined(to *archive.Joined, a pcommon.Map) {
	for key, v := range a.All() {
		if !strings.HasPrefix(key, "join.") {
			continue
		}
		if read := readers[key]; read != nil {
			read(to, v)
		}
	}
}

type reader = func(*archive.Joined, pcommon.Value)

// readers are the columns by the attributes that they are read from.
var readers = map[string]reader{
	attr.JoinStatus:   text(func(j *archive.Joined) *string { return &j.JoinStatus }),
	attr.JoinReleased: text(func(j *archive.Joined) *string { return &j.JoinReleased }),
	attr.JoinMissing: func(j *archive.Joined, v pcommon.Value) {
		if v.Type() != pcommon.ValueTypeSlice {
			return
		}
		var missing []string
		for _, m := range v.Slice().All() {
			missing = append(missing, m.AsString())
		}
		j.JoinMissing = strings.Join(missing, ",")
	},

	attr.JoinServerService:    text(func(j *archive.Joined) *string { return &j.ServerService }),
	attr.JoinServerNamespace:  text(func(j *archive.Joined) *string { return &j.ServerNamespace }),
	attr.JoinServerInstance:   text(func(j *archive.Joined) *string { return &j.ServerInstance }),
	attr.JoinServerRoute:      text(func(j *archive.Joined) *string { return &j.ServerRoute }),
	attr.JoinServerSpan:       text(func(j *archive.Joined) *string { return &j.ServerSpanID }),
	attr.JoinServerResolution: server(text(func(j *archive.Joined) *string { return &j.ServerResolution })),
	attr.JoinServerDuration:   seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.ServerDuration }),
	attr.JoinServerSpans:      func(j *archive.Joined, v pcommon.Value) { j.ServerSpans = int(v.Int()) },
	attr.JoinClockOffset:      seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.ClockOffset }),
	attr.JoinClockBound:       seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.ClockBound }),

	attr.JoinUnexplained:        unexplained,
	attr.JoinLedger + "network": seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.LedgerNetwork }),
	attr.JoinLedger + "server":  seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.LedgerServer }),
	attr.JoinLedger + "read":    seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.LedgerRead }),

	attr.JoinGCOverlap:    text(func(j *archive.Joined) *string { return &j.GCOverlap }),
	attr.JoinGCResolution: text(func(j *archive.Joined) *string { return &j.GCResolution }),
	attr.JoinGCCycles:     func(j *archive.Joined, v pcommon.Value) { j.GCCycles = archive.Known(int(v.Int())) },
	attr.JoinGCLeast:      seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.GCTimeLeast }),
	attr.JoinGCMost:       seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.GCTimeMost }),
	attr.JoinGCPause:      seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.GCPause }),

	attr.JoinRuntimeResolution:   text(func(j *archive.Joined) *string { return &j.RuntimeResolution }),
	attr.JoinRuntimeAge:          seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.RuntimeAge }),
	attr.JoinRuntimeGoroutines:   whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeGoroutines }),
	attr.JoinRuntimeHeap:         whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeHeap }),
	attr.JoinRuntimeMemory:       whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeMemory }),
	attr.JoinRuntimeGCGoal:       whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeGCGoal }),
	attr.JoinRuntimeProcessors:   whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeGOMAXPROCS }),
	attr.JoinRuntimeScheduleP99:  seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.RuntimeScheduleP99 }),
	attr.JoinRuntimeEventLoopP99: seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.RuntimeEventLoopDelayP99 }),
	attr.JoinRuntimeWindow:       seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.RuntimeWindow }),
	attr.JoinRuntimeGCCycles:     whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeGCCycles }),
	attr.JoinRuntimeGCPause:      seconds(func(j *archive.Joined) *archive.Optional[time.Duration] { return &j.RuntimeGCPause }),
	attr.JoinRuntimeAllocated:    whole(func(j *archive.Joined) *archive.Optional[int64] { return &j.RuntimeAllocated }),
	attr.JoinRuntimeCPU:          func(j *archive.Joined, v pcommon.Value) { j.RuntimeCPU = archive.Known(v.Double()) },

	attr.JoinLogLines: func(j *archive.Joined, v pcommon.Value) { j.LogLines = int(v.Int()) },
	attr.JoinLogsCut:  func(j *archive.Joined, v pcommon.Value) { j.LogsCut = int(v.Int()) },
}
