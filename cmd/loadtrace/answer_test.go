package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"

	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// A web server that answers 200 to everything had taken all telemetry.
func TestAWebServerIsNoEndpointOfOTLP(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>welcome</html>"))
	}))
	t.Cleanup(web.Close)
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 5}]"), "--json", "--listen", "none", "--otlp", web.URL)
	c.run(t, 98)
	s := c.summary(t)
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.Zero(t, s.Telemetry.SpansDelivered)
	assert.Equal(t, "the endpoint of --otlp, "+web.URL+", did not take all telemetry: it answered 200 with text/html, which is not an OTLP response; "+
		"check the host, the port and the path: /v1/traces, /v1/metrics and /v1/logs are put behind it", s.Faults[0])
}

// rejecting rejects two of the spans of each request.
type rejecting struct {
	ptraceotlp.UnimplementedGRPCServer
}

func (*rejecting) Export(context.Context, ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	return partly(), nil
}

func partly() ptraceotlp.ExportResponse {
	answer := ptraceotlp.NewExportResponse()
	answer.PartialSuccess().SetRejectedSpans(2)
	answer.PartialSuccess().SetErrorMessage("the quota\x1b is used up")
	return answer
}

// The exporters only log a partial success: what was rejected counted as delivered.
func TestWhatAnEndpointRejectsIsLost(t *testing.T) {
	over := http.NewServeMux()
	over.HandleFunc("/v1/traces", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		body, _ := partly().MarshalProto()
		_, _ = w.Write(body)
	})
	web := httptest.NewServer(over)
	t.Cleanup(web.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, &rejecting{})
	go server.Serve(l)
	t.Cleanup(server.Stop)
	tg := newTestTarget(t)
	for _, url := range []string{web.URL, "grpc://" + l.Addr().String()} {
		c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 50}]"), "--json", "--listen", "none", "--otlp", url, "--otlp-signals", "traces")
		c.run(t, 98)
		s := c.summary(t).Telemetry
		assert.Positive(t, s.SpansDropped, url)
		assert.Zero(t, s.SpansDropped%2, url)
		assert.Equal(t, s.SpansMade, s.SpansDelivered+s.SpansDropped)
		assert.Regexp(t, "^the endpoint of --otlp, "+url+`, rejected \d+ spans: the quota\\x1b is used up$`, c.summary(t).Faults[0])
		assert.Contains(t, c.err.String(), `undecided: the endpoint of --otlp`)
		assert.NotContains(t, c.err.String(), "Partial success", "once is enough")
	}
}
