package span

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
)

// Run makes the run's own span, which the spans of its requests link to.
func (r *Renderer) Run(sum *summary.Summary) ptrace.Traces {
	traces, spans := r.traces()
	s := spans.AppendEmpty()
	s.SetTraceID(r.runTrace)
	s.SetSpanID(r.runSpan)
	s.TraceState().FromRaw(r.state)
	s.SetFlags(flags)
	s.SetKind(ptrace.SpanKindInternal)
	s.SetName(attr.SpanRun)
	s.SetStartTimestamp(stamp(sum.Began))
	s.SetEndTimestamp(stamp(sum.Began.Add(sum.Elapsed.Duration())))
	r.putRun(s.Attributes(), sum)
	if sum.Error != "" {
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Status().SetMessage(sum.Error)
	}
	return traces
}

func (r *Renderer) putRun(a pcommon.Map, sum *summary.Summary) {
	a.PutStr(attr.RunID, r.run)
	a.PutStr(attr.PlanName, r.plan.Name)
	convention.PutRun(a, sum)
}
