//go:build stack

package tracejoinprocessor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/stack"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// The lines reach Loki by an agent that reads files: their trace ids are in the
// text. The join fetches them by window, or looks up those of slow requests.
func TestLinesThatOnlyLokiHasBecomeEventsOfTheirRequests(t *testing.T) {
	loki, err := stack.Start(t.Context(), stack.Loki(), stack.Options{Data: t.TempDir(), Progress: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, loki.Stop(context.Background())) })
	for name, how := range map[string]string{
		"by window":  "pull_interval: 200ms, settle: 200ms",
		"by look-up": "pull_interval: 0s, lookup_slow: 1ms",
	} {
		t.Run(name, func(t *testing.T) {
			service := fmt.Sprintf("auth-%d", len(name))
			cfg := configured(t, fmt.Sprintf(`{wait: 3s, logs: {loki: {%s, source: {http: {endpoint: '%s'}, selector: '{service_name="%s"}',
				fields: {in: json, trace_id: trace_id, severity: level}, grafana: {endpoint: 'http://grafana.test'}}}}}`, how, loki.URL("http"), service))
			sink := new(consumertest.TracesSink)
			p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, sink)
			require.NoError(t, err)
			require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))

			const requests = 50
			spans, ids := exchanges(requests, byte(len(name)))
			pushJSON(t, loki.URL("http"), service, ids)
			require.NoError(t, p.ConsumeTraces(t.Context(), spans))
			require.Eventually(t, func() bool { return sink.SpanCount() == 2*requests }, 20*time.Second, 50*time.Millisecond)
			require.NoError(t, p.Shutdown(t.Context()))

			found := 0
			for _, td := range sink.AllTraces() {
				for _, rs := range td.ResourceSpans().All() {
					for _, s := range rs.ScopeSpans().At(0).Spans().All() {
						if s.Kind() != ptrace.SpanKindClient {
							continue
						}
						require.Equal(t, 1, s.Events().Len(), "%v", s.Attributes().AsRaw())
						assert.Contains(t, fmt.Sprint(s.Events().At(0).Attributes().AsRaw()), "token checked")
						link, ok := s.Attributes().Get(attr.JoinLogsURL)
						require.True(t, ok)
						assert.Contains(t, link.Str(), "http://grafana.test/explore?")
						found++
					}
				}
			}
			assert.Equal(t, requests, found)
		})
	}
}

// exchanges are client spans and their servers', of this moment.
func exchanges(n int, seed byte) (ptrace.Traces, []pcommon.TraceID) {
	td := ptrace.NewTraces()
	var ids []pcommon.TraceID
	add := func(service string) ptrace.SpanSlice {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		return rs.ScopeSpans().AppendEmpty().Spans()
	}
	clients, servers := add("loadtrace"), add("auth")
	now := time.Now()
	for i := range n {
		id := pcommon.TraceID{seed, byte(i), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
		ids = append(ids, id)
		c, s := clients.AppendEmpty(), servers.AppendEmpty()
		c.SetKind(ptrace.SpanKindClient)
		s.SetKind(ptrace.SpanKindServer)
		s.SetParentSpanID(pcommon.SpanID{byte(i), 1})
		for k, span := range []ptrace.Span{c, s} {
			span.SetTraceID(id)
			span.SetSpanID(pcommon.SpanID{byte(i), byte(k + 1)})
			span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-20 * time.Millisecond)))
			span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		}
	}
	return td, ids
}

func pushJSON(t *testing.T, base, service string, ids []pcommon.TraceID) {
	var values [][2]string
	for i, id := range ids {
		values = append(values, [2]string{
			strconv.FormatInt(time.Now().Add(-10*time.Millisecond).UnixNano()+int64(i), 10),
			fmt.Sprintf(`{"level":"info","msg":"token checked","trace_id":"%s"}`, id),
		})
	}
	body, err := json.Marshal(map[string]any{"streams": []any{
		map[string]any{"stream": map[string]string{"service_name": service}, "values": values},
	}})
	require.NoError(t, err)
	response, err := http.Post(base+"/loki/api/v1/push", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusNoContent, response.StatusCode)
}
