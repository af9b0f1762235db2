package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// otlpSink is an OTLP endpoint over HTTP that keeps what it takes.
type otlpSink struct {
	url     string
	refuses atomic.Bool
	refused atomic.Int64
	// gets, if set, is told of everything that is taken, one at a time.
	gets func(ptrace.Traces, pmetric.Metrics)

	mu        sync.Mutex // guards all below
	client    map[pcommon.TraceID]pcommon.SpanID
	spans     int         // client spans, also those that came twice
	came      []time.Time // batches with client spans
	all       map[pcommon.SpanID]sunk
	runs      int // spans of runs
	exemplars []pmetric.Exemplar
	metrics   map[string]bool
	events    []string
	bodies    bytes.Buffer // everything, as it came
}

// sunk is what a sink keeps of a span.
type sunk struct {
	name   string
	kind   ptrace.SpanKind
	trace  pcommon.TraceID
	parent pcommon.SpanID
}

// newSink listens on an address, or on a free one.
func newSink(t *testing.T, address string) *otlpSink {
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	s := &otlpSink{url: "http://" + l.Addr().String(), client: map[pcommon.TraceID]pcommon.SpanID{}, metrics: map[string]bool{}, all: map[pcommon.SpanID]sunk{}}
	server := &http.Server{Handler: s}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return s
}

func (s *otlpSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refuses.Load() {
		s.refused.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.take(r.URL.Path, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (s *otlpSink) take(path string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies.Write(body)
	switch path {
	case "/v1/traces":
		r := ptraceotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return err
		}
		s.takeTraces(r.Traces())
	case "/v1/metrics":
		r := pmetricotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return err
		}
		s.takeMetrics(r.Metrics())
	case "/v1/logs":
		r := plogotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return err
		}
		for _, rl := range r.Logs().ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, l := range sl.LogRecords().All() {
					s.events = append(s.events, l.EventName())
				}
			}
		}
	}
	return nil
}

func (s *otlpSink) takeTraces(td ptrace.Traces) {
	if s.gets != nil {
		s.gets(td, pmetric.NewMetrics())
	}
	before := s.spans
	defer func() {
		if s.spans > before {
			s.came = append(s.came, time.Now())
		}
	}()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				s.all[span.SpanID()] = sunk{span.Name(), span.Kind(), span.TraceID(), span.ParentSpanID()}
				if span.Kind() != ptrace.SpanKindClient {
					s.runs++
					continue
				}
				s.spans++
				s.client[span.TraceID()] = span.SpanID()
			}
		}
	}
}

func (s *otlpSink) takeMetrics(md pmetric.Metrics) {
	if s.gets != nil {
		s.gets(ptrace.NewTraces(), md)
	}
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				s.metrics[m.Name()] = true
				if m.Type() != pmetric.MetricTypeExponentialHistogram {
					continue
				}
				for _, p := range m.ExponentialHistogram().DataPoints().All() {
					for _, e := range p.Exemplars().All() {
						kept := pmetric.NewExemplar()
						e.CopyTo(kept)
						s.exemplars = append(s.exemplars, kept)
					}
				}
			}
		}
	}
}
