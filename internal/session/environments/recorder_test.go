package environments

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen"
)

var run = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}

func here() environment.Environment {
	return environment.Environment{
		OS: "linux", Arch: "amd64", CPU: environment.CPU{Model: "m", Allowed: 2},
		Limits: &environment.Limits{CPU: 1.5, Memory: 1 << 30}, Go: environment.Go{Version: "go1.26", GC: "100", MaxProcs: 2},
	}
}

// spans are one span of an instance.
func spans(id string, kind ptrace.SpanKind, trace loadgen.TraceID, described []attribute.KeyValue) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	a := rs.Resource().Attributes()
	a.PutStr("service.name", "shop")
	a.PutStr("service.instance.id", id)
	for _, kv := range described {
		switch kv.Value.Type() {
		case attribute.INT64:
			a.PutInt(string(kv.Key), kv.Value.AsInt64())
		case attribute.FLOAT64:
			a.PutDouble(string(kv.Key), kv.Value.AsFloat64())
		default:
			a.PutStr(string(kv.Key), kv.Value.AsString())
		}
	}
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID(trace))
	span.SetKind(kind)
	return td
}

func TestOnlyInstancesThatAnsweredTheRunAreListed(t *testing.T) {
	e := here()
	p := &Recorder{}
	p.Record(spans("too early", ptrace.SpanKindServer, run.TraceID(0, 1), e.Attributes()))
	p.Follow(run)
	p.Record(spans("b", ptrace.SpanKindServer, run.TraceID(0, 1), e.Attributes()))
	p.Record(spans("a", ptrace.SpanKindServer, run.TraceID(0, 2), e.Attributes()))
	p.Record(spans("a", ptrace.SpanKindServer, run.TraceID(0, 3), e.Attributes()))
	p.Record(spans("a client", ptrace.SpanKindClient, run.TraceID(0, 4), e.Attributes()))
	p.Record(spans("of others", ptrace.SpanKindServer, loadgen.RunID{9}.TraceID(0, 5), e.Attributes()))
	p.Record(spans("silent", ptrace.SpanKindServer, run.TraceID(0, 6), nil))

	targets := p.Targets()
	require.Len(t, targets, 2)
	assert.Equal(t, "a", targets[0].Instance)
	assert.Equal(t, "shop", targets[1].Service)
	assert.Equal(t, e, targets[1].Environment)
}

func TestTheListIsBounded(t *testing.T) {
	e := here()
	p := &Recorder{}
	p.Follow(run)
	for n := range 2 * most {
		p.Record(spans(fmt.Sprint(n), ptrace.SpanKindServer, run.TraceID(0, uint64(n)), e.Attributes()))
	}
	assert.Len(t, p.Targets(), most)
}
