//go:build interop

package interop

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// request is what a run delivered of one request: its client span, joined.
type request struct {
	trace    string
	status   string
	server   string // id of the server span, empty for none
	service  string
	others   []string // services of the trace's other server spans
	missing  []string
	released string  // why it waited no longer
	response float64 // in seconds
	parts    float64 // of the ledger, with what is unexplained
	clocked  bool
	offset   float64
	bound    float64
	ends     time.Time // of the client span, as delivered
}

// sink is an OTLP endpoint that keeps the joined spans of a run.
type sink struct {
	*httptest.Server

	mu       sync.Mutex // guards requests
	requests []request
}

func newSink(t *testing.T) *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		export := ptraceotlp.NewExportRequest()
		if !assert.NoError(t, export.UnmarshalProto(body)) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.keep(export)
		answer, err := ptraceotlp.NewExportResponse().MarshalProto()
		assert.NoError(t, err)
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) keep(export ptraceotlp.ExportRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range export.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				if _, joined := span.Attributes().Get(attr.JoinStatus); joined {
					r := read(span.TraceID(), span.Attributes())
					r.ends = span.EndTimestamp().AsTime()
					s.requests = append(s.requests, r)
				}
			}
		}
	}
}

// all are the requests of a run that has ended.
func (s *sink) all() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func read(trace pcommon.TraceID, attributes pcommon.Map) request {
	r := request{trace: trace.String()}
	for name, v := range attributes.All() {
		switch {
		case name == attr.JoinStatus:
			r.status = v.Str()
		case name == attr.JoinServerSpan:
			r.server = v.Str()
		case name == attr.JoinServerService:
			r.service = v.Str()
		case name == attr.JoinServerOthers:
			r.others = texts(v)
		case name == attr.JoinReleased:
			r.released = v.Str()
		case name == attr.JoinMissing:
			r.missing = texts(v)
		case name == attr.JoinResponseTime:
			r.response = v.Double()
		case name == attr.JoinUnexplained, strings.HasPrefix(name, attr.JoinLedger):
			r.parts += v.Double()
		case name == attr.JoinClockOffset:
			r.clocked, r.offset = true, v.Double()
		case name == attr.JoinClockBound:
			r.bound = v.Double()
		}
	}
	return r
}

func texts(list pcommon.Value) (out []string) {
	for _, v := range list.Slice().All() {
		out = append(out, v.Str())
	}
	return out
}
