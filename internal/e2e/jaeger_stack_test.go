//go:build stack

package e2e

import (
	"encoding/json"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// traced is what Jaeger has of one request.
type traced struct {
	clients  int       // client spans of the request; more than one was sent twice
	servers  int       // server spans that answer it, without those that were sent twice
	repeated int       // spans that were sent twice
	complete bool      // the client span was joined whole
	ended    time.Time // when the request ended
}

// trace of a request, the zero value if there is none yet.
func (p *platform) trace(seq int) (traced, error) {
	id := p.run.TraceID(0, uint64(seq))
	var answer struct{ Result json.RawMessage }
	found, err := ask(p.jaeger.url("http")+"/api/v3/traces/"+id.String(), nil, &answer)
	if err != nil || !found {
		return traced{}, err
	}
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(answer.Result)
	if err != nil {
		return traced{}, err
	}
	return read(td, p.run.SpanID(0, uint64(seq))), nil
}

func read(td ptrace.Traces, client loadgen.SpanID) (t traced) {
	seen := map[[8]byte]bool{}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if seen[s.SpanID()] {
					t.repeated++
					continue
				}
				seen[s.SpanID()] = true
				switch {
				case s.SpanID() == [8]byte(client):
					t.clients++
					t.ended = s.EndTimestamp().AsTime()
					status, _ := s.Attributes().Get(attr.JoinStatus)
					t.complete = status.AsString() == "complete"
				case s.ParentSpanID() == [8]byte(client) && s.Kind() == ptrace.SpanKindServer:
					t.servers++
				}
			}
		}
	}
	return t
}
