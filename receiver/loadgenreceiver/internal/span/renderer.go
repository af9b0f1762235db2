package span

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

// flags of every span here: sampled, and known to have no remote parent (OTLP
// trace.proto, SpanFlags).
const flags = 0x1 | 0x100

// Renderer makes the spans of one run. It may be used by several goroutines.
type Renderer struct {
	origin   resource.Attributes
	plan     *loadgen.Plan
	run      string
	state    string // tracestate of the run's own span, which is always made
	sampled  string // of a request's, with the part of the requests that has one
	runTrace pcommon.TraceID
	runSpan  pcommon.SpanID
}

// New makes the renderer of a run. The plan must not change.
func New(o resource.Attributes, run loadgen.RunID, plan *loadgen.Plan) *Renderer {
	trace, span := run.RunSpan(plan.Shard.Index)
	return &Renderer{
		origin:   o,
		plan:     plan,
		run:      run.String(),
		state:    run.TraceState(),
		sampled:  run.SampledState(plan.Sampler()),
		runTrace: pcommon.TraceID(trace),
		runSpan:  pcommon.SpanID(span),
	}
}

// Requests makes one span for each record whose request was sent.
func (r *Renderer) Requests(records []loadgen.Record) ptrace.Traces {
	traces, spans := r.traces()
	spans.EnsureCapacity(len(records))
	for i := range records {
		if records[i].Outcome != loadgen.NotSent {
			r.request(spans.AppendEmpty(), &records[i])
		}
	}
	return traces
}

func (r *Renderer) traces() (ptrace.Traces, ptrace.SpanSlice) {
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl(attr.SchemaURL)
	scope := rs.ScopeSpans().AppendEmpty()
	r.origin.Fill(rs.Resource(), scope.Scope())
	return traces, scope.Spans()
}

func (r *Renderer) request(s ptrace.Span, rec *loadgen.Record) {
	s.SetTraceID(pcommon.TraceID(rec.TraceID))
	s.SetSpanID(pcommon.SpanID(rec.SpanID))
	s.TraceState().FromRaw(r.sampled)
	s.SetFlags(flags)
	s.SetKind(ptrace.SpanKindClient)
	s.SetName(name(rec.Target))
	s.SetStartTimestamp(stamp(rec.Sent))
	s.SetEndTimestamp(stamp(rec.Done))
	r.link(s.Links().AppendEmpty())

	a := s.Attributes()
	a.EnsureCapacity(attributes)
	if rec.Target != nil && rec.Target.RPC {
		putRPC(a, rec)
	} else {
		putHTTP(a, rec)
	}
	r.putLoad(a, rec)
	putPhases(a, &rec.Phases)
	if rec.Stream != nil {
		putStream(s, rec)
	}

	if !rec.OK() {
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Status().SetMessage(rec.ErrorText)
	}
}

func (r *Renderer) link(l ptrace.SpanLink) {
	l.SetTraceID(r.runTrace)
	l.SetSpanID(r.runSpan)
	l.TraceState().FromRaw(r.state)
	l.SetFlags(flags)
}

func (r *Renderer) putLoad(a pcommon.Map, rec *loadgen.Record) {
	a.PutStr(attr.RunID, r.run)
	attack := &r.plan.Attacks[rec.Attack]
	a.PutStr(attr.AttackName, attack.Name)
	a.PutInt(attr.StageIndex, int64(rec.Stage))
	if stage := attack.Load[rec.Stage].Name; stage != "" {
		a.PutStr(attr.StageName, stage)
	}
	a.PutInt(attr.Seq, int64(rec.Seq))
	if rec.Open {
		a.PutInt(attr.Intended, rec.Intended.UnixNano())
		a.PutDouble(attr.ScheduleLag, rec.Lag().Seconds())
	}
	a.PutDouble(attr.ResponseTime, rec.ResponseTime().Seconds())
	if rec.Peer.IsValid() {
		a.PutBool(attr.ConnectionReused, rec.Reused)
	}
	if rec.Redirects > 0 {
		a.PutInt(attr.Redirects, int64(rec.Redirects))
	}
	if rec.Resent > 0 {
		a.PutInt(attr.Resent, int64(rec.Resent))
	}
}

// putPhases writes the phases that occurred.
func putPhases(a pcommon.Map, p *loadgen.Phases) {
	for _, phase := range [...]struct {
		key  string
		took time.Duration
	}{
		{attr.PhaseConnection, p.Conn},
		{attr.PhaseDNS, p.DNS},
		{attr.PhaseConnect, p.Connect},
		{attr.PhaseTLS, p.TLS},
		{attr.PhaseWrite, p.Write},
		{attr.PhaseWait, p.Wait},
		{attr.PhaseRead, p.Read},
	} {
		if phase.took > 0 {
			a.PutDouble(phase.key, phase.took.Seconds())
		}
	}
}

func stamp(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }
