package demotarget

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is an OTLP/HTTP receiver on loopback that keeps what it gets.
type collector struct {
	*httptest.Server

	mu       sync.Mutex // guards what follows
	spans    []*tracepb.Span
	logs     []*logspb.LogRecord
	metrics  map[string]*metricspb.Metric // the latest of each name
	resource map[string]*commonpb.AnyValue
}

func newCollector(t *testing.T) *collector {
	c := &collector{metrics: map[string]*metricspb.Metric{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.takeTraces)
	mux.HandleFunc("POST /v1/logs", c.takeLogs)
	mux.HandleFunc("POST /v1/metrics", c.takeMetrics)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func read(w http.ResponseWriter, r *http.Request, into proto.Message) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, into)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (c *collector) takeTraces(w http.ResponseWriter, r *http.Request) {
	var request coltrace.ExportTraceServiceRequest
	read(w, r, &request)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range request.GetResourceSpans() {
		c.resource = byKey(rs.GetResource().GetAttributes())
		for _, ss := range rs.GetScopeSpans() {
			c.spans = append(c.spans, ss.GetSpans()...)
		}
	}
}

func (c *collector) takeLogs(w http.ResponseWriter, r *http.Request) {
	var request collogs.ExportLogsServiceRequest
	read(w, r, &request)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rl := range request.GetResourceLogs() {
		for _, sl := range rl.GetScopeLogs() {
			for _, record := range sl.GetLogRecords() {
				if record.GetEventName() == "" { // events are the runtime's, at any time
					c.logs = append(c.logs, record)
				}
			}
		}
	}
}

func (c *collector) takeMetrics(w http.ResponseWriter, r *http.Request) {
	var request colmetrics.ExportMetricsServiceRequest
	read(w, r, &request)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rm := range request.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			for _, m := range sm.GetMetrics() {
				c.metrics[m.GetName()] = m
			}
		}
	}
}

// named are the spans of a name and kind, in the order of their arrival.
func (c *collector) named(name string, kind tracepb.Span_SpanKind) (spans []*tracepb.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.GetName() == name && s.GetKind() == kind {
			spans = append(spans, s)
		}
	}
	return spans
}

// only is the one span of a name and kind.
func (c *collector) only(t *testing.T, name string, kind tracepb.Span_SpanKind) *tracepb.Span {
	spans := c.named(name, kind)
	require.Len(t, spans, 1, "spans %s of kind %v", name, kind)
	return spans[0]
}

func byKey(attributes []*commonpb.KeyValue) map[string]*commonpb.AnyValue {
	m := make(map[string]*commonpb.AnyValue, len(attributes))
	for _, a := range attributes {
		m[a.GetKey()] = a.GetValue()
	}
	return m
}
