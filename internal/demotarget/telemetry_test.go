package demotarget

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/metadata"

	"github.com/loadtrace/loadtrace/internal/demotarget/authv1"
)

const (
	serverKind = tracepb.Span_SPAN_KIND_SERVER
	clientKind = tracepb.Span_SPAN_KIND_CLIENT

	validateSpan = "GET /auth/validate"
	storeSpan    = "GET /tokens/{digest}"

	traceID     = "0af7651916cd43dd8448eb211c80319c"
	parentID    = "b7ad6b7169203331"
	traceparent = "00-" + traceID + "-" + parentID + "-01"
)

// validateTraced asks about a token as a traced client would.
func validateTraced(t *testing.T, r *running, raw string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+r.HTTP+"/auth/validate", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+raw)
	request.Header.Set("traceparent", traceparent)
	request.Header.Set("tracestate", "loadtrace=0011223344556677")
	status, body := r.do(t, request)
	require.Equal(t, 200, status, body)
}

func TestOneRequestIsOneTraceFromItsCallerToTheStore(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL, "--store-latency=1ms")
	validateTraced(t, r, "demo-0001")
	require.Zero(t, r.stop(t))

	front := c.only(t, validateSpan, serverKind)
	call := c.only(t, storeSpan, clientKind)
	back := c.only(t, storeSpan, serverKind)
	require.Len(t, c.spans, 3)
	for _, s := range c.spans {
		assert.Equal(t, traceID, hex.EncodeToString(s.GetTraceId()))
		assert.Equal(t, "loadtrace=0011223344556677", s.GetTraceState())
	}
	assert.Equal(t, parentID, hex.EncodeToString(front.GetParentSpanId()))
	assert.Equal(t, front.GetSpanId(), call.GetParentSpanId())
	assert.Equal(t, call.GetSpanId(), back.GetParentSpanId())

	assert.Equal(t, "/auth/validate", byKey(front.GetAttributes())["http.route"].GetStringValue())
	assert.False(t, byKey(front.GetAttributes())["auth.cache.hit"].GetBoolValue())
	wait := byKey(back.GetAttributes())["demo.store.injected_wait"].GetDoubleValue()
	took := float64(back.GetEndTimeUnixNano()-back.GetStartTimeUnixNano()) / 1e9
	assert.Positive(t, wait)
	assert.GreaterOrEqual(t, took, wait, "the injected wait is within the store's span")
	for _, s := range c.spans {
		assert.NotContains(t, s.String(), "demo-0001", "a token is never in a span")
	}
}

func TestACachedTokenMakesNoCallToTheStore(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL)
	for range 2 {
		status, _ := r.validate(t, "demo-0001")
		require.Equal(t, 200, status)
	}
	require.Zero(t, r.stop(t))
	front := c.named(validateSpan, serverKind)
	require.Len(t, front, 2)
	assert.False(t, byKey(front[0].GetAttributes())["auth.cache.hit"].GetBoolValue())
	assert.True(t, byKey(front[1].GetAttributes())["auth.cache.hit"].GetBoolValue())
	c.only(t, storeSpan, clientKind)
}

func TestAnRPCIsOneTraceFromItsCallerToTheStore(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent)
	_, err := authv1.NewAuthClient(dial(t, r)).Validate(ctx, &authv1.ValidateRequest{Token: "demo-0001"})
	require.NoError(t, err)
	require.Zero(t, r.stop(t))
	front := c.only(t, "auth.v1.Auth/Validate", serverKind)
	assert.Equal(t, traceID, hex.EncodeToString(front.GetTraceId()))
	assert.Equal(t, parentID, hex.EncodeToString(front.GetParentSpanId()))
	assert.Equal(t, front.GetSpanId(), c.only(t, storeSpan, clientKind).GetParentSpanId())
}

func TestTheLogOfARequestCarriesItsTraceOnBothWays(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL, "--log-format=json")
	validateTraced(t, r, "demo-0001")
	require.Zero(t, r.stop(t))
	front := c.only(t, validateSpan, serverKind)

	line := struct {
		Msg     string `json:"msg"`
		TraceID string `json:"trace_id"`
		SpanID  string `json:"span_id"`
	}{}
	first, _, _ := strings.Cut(r.log.String(), "\n")
	require.NoError(t, json.Unmarshal([]byte(first), &line))
	assert.Equal(t, "token accepted", line.Msg)
	assert.Equal(t, traceID, line.TraceID)
	assert.Equal(t, hex.EncodeToString(front.GetSpanId()), line.SpanID)

	require.NotEmpty(t, c.logs)
	record := c.logs[0]
	assert.Equal(t, "token accepted", record.GetBody().GetStringValue())
	assert.Equal(t, front.GetTraceId(), record.GetTraceId())
	assert.Equal(t, front.GetSpanId(), record.GetSpanId())
	assert.Equal(t, "user-0001", byKey(record.GetAttributes())["subject"].GetStringValue())
}

func TestTheLogLevelHoldsForPeopleAndExport(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL, "--log-level=error", "--error-share=1")
	_, _ = r.validate(t, "")          // logged as info
	_, _ = r.validate(t, "demo-0001") // as an error, by store and service
	require.Zero(t, r.stop(t))
	require.Len(t, c.logs, 2)
	for _, record := range c.logs {
		assert.Equal(t, "ERROR", record.GetSeverityText())
	}
	assert.Equal(t, 2, strings.Count(r.log.String(), "\n"), r.log)
}

func TestRuntimeAndRequestMetricsAreSent(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL)
	status, _ := r.validate(t, "demo-0001")
	require.Equal(t, 200, status)
	require.Zero(t, r.stop(t))
	for _, name := range []string{
		"go.goroutine.count", "go.memory.used", "go.memory.gc.goal",
		"http.server.request.duration", "http.request.duration", "http.client.request.duration", "auth.cache.lookups",
	} {
		assert.Contains(t, c.metrics, name)
	}
	var routes []string
	for _, p := range c.metrics["http.server.request.duration"].GetHistogram().GetDataPoints() {
		routes = append(routes, byKey(p.GetAttributes())["http.route"].GetStringValue())
	}
	assert.ElementsMatch(t, []string{"/auth/validate", "/tokens/{digest}"}, routes)
}

func TestTheResourceTellsInstancesApart(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL, "--service=auth-blue", "--instance=blue-1")
	_, _ = r.validate(t, "demo-0001")
	require.Zero(t, r.stop(t))
	assert.Equal(t, "auth-blue", c.resource["service.name"].GetStringValue())
	assert.Equal(t, "blue-1", c.resource["service.instance.id"].GetStringValue())
	for _, key := range []string{
		"service.version", "host.name", "process.pid", "process.runtime.version", "telemetry.sdk.version",
		"loadgen.env.fingerprint", "loadgen.env.go.maxprocs", "host.arch",
	} {
		assert.Contains(t, c.resource, key)
	}
	assert.NotContains(t, c.resource, "process.command_args")
}

func TestAnInstanceWithoutANameGetsOneOfItsOwn(t *testing.T) {
	instance := func() string {
		c := newCollector(t)
		r := launch(t, "--otlp="+c.URL)
		_, _ = r.validate(t, "demo-0001")
		require.Zero(t, r.stop(t))
		return c.resource["service.instance.id"].GetStringValue()
	}
	first := instance()
	assert.NotEmpty(t, first)
	assert.NotEqual(t, first, instance())
}

func TestHealthAndProfilesLeaveNoSpans(t *testing.T) {
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL)
	for _, path := range []string{"/healthz", "/debug/vars", "/debug/pprof/heap"} {
		response, err := r.client.Get("http://" + r.HTTP + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	require.Zero(t, r.stop(t))
	assert.Empty(t, c.spans)
}

func TestNoServerSpanIsLostUnderABurst(t *testing.T) {
	const clients, each = 16, 250
	c := newCollector(t)
	r := launch(t, "--otlp="+c.URL, "--cache=1", "--log-level=warn")
	r.client.Transport.(*http.Transport).MaxIdleConnsPerHost = clients
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range each {
				_, _ = r.validate(t, "no-such-token")
			}
		})
	}
	wg.Wait()
	// A stop gives what is queued no more than flushGrace, which a busy machine may need
	// for the last batch alone.
	assert.Eventually(t, func() bool {
		return len(c.named(validateSpan, serverKind)) == clients*each && len(c.named(storeSpan, serverKind)) == clients*each
	}, time.Minute, 10*time.Millisecond)
	require.Zero(t, r.stop(t))
	assert.Equal(t, clients*each, len(c.named(validateSpan, serverKind)), "of the service")
	assert.Equal(t, clients*each, len(c.named(storeSpan, clientKind)), "of its calls")
	assert.Equal(t, clients*each, len(c.named(storeSpan, serverKind)), "of the store")
}
