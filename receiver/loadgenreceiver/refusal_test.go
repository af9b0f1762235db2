package loadgenreceiver

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
)

var errBusy = errors.New("queue is full")

// stubborn is a pipeline that answers as told, and spoils what it refuses, as
// a processor before a refusing exporter may.
type stubborn struct {
	consumertest.TracesSink
	answer func(call int64) error
	calls  atomic.Int64
}

func (s *stubborn) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (s *stubborn) ConsumeTraces(ctx context.Context, traces ptrace.Traces) error {
	if err := s.answer(s.calls.Add(1)); err != nil {
		traces.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true })
		return err
	}
	return s.TracesSink.ConsumeTraces(ctx, traces)
}

func TestAPipelineThatRefusesForAWhileGetsEverySpanOnceAndWhole(t *testing.T) {
	server := newTarget(t)
	pipeline := &stubborn{answer: func(call int64) error {
		if call%3 != 0 {
			return errBusy
		}
		return nil
	}}
	cfg := server.config("1000/s", 100)
	cfg.Spans.Batch = 30
	sum := newCollector(t, settings(), cfg, pipes{traces: pipeline}).start().end()
	assert.Equal(t, 101, pipeline.SpanCount())
	assert.Len(t, spanIDs(pipeline.AllTraces()), 101)
	assert.EqualValues(t, 101, sum.Telemetry.SpansDelivered)
	assert.NotZero(t, sum.Telemetry.Refused)
	assert.Empty(t, sum.Faults)
}

func TestWhatAPipelineRefusesForGoodIsAFaultOfTheRun(t *testing.T) {
	server := newTarget(t)
	pipeline := &stubborn{answer: func(int64) error { return consumererror.NewPermanent(errBusy) }}
	sum := newCollector(t, settings(), server.config("1000/s", 20), pipes{traces: pipeline}).start().end()
	assert.EqualValues(t, 21, sum.Telemetry.SpansMade)
	assert.EqualValues(t, 21, sum.Telemetry.SpansDropped)
	assert.Equal(t, []string{
		"the pipeline did not get all spans: 21 were lost",
		"0 spans are left for each request sent, not 1",
	}, sum.Faults)
}

// The ratio once was of two numbers counted at the same place, and could be
// nothing but 1.
func TestLostSpansShowInTheSpansForEachRequest(t *testing.T) {
	server := newTarget(t)
	p, _, metrics, _ := sinks()
	p.traces = &stubborn{answer: func(call int64) error {
		if call == 1 {
			return consumererror.NewPermanent(errBusy)
		}
		return nil
	}}
	cfg := server.config("1000/s", 100)
	cfg.Spans = SpansConfig{Batch: 25, FlushInterval: time.Hour}
	sum := newCollector(t, settings(), cfg, p).start().end()
	assert.EqualValues(t, 25, sum.Telemetry.SpansDropped)
	assert.Equal(t, 0.75, sum.Telemetry.SpansPerRequest)
	assert.Contains(t, sum.Faults, "0.75 spans are left for each request sent, not 1")
	last := metrics.AllMetrics()[len(metrics.AllMetrics())-1]
	assert.Equal(t, 0.75, named(t, last, attr.MetricSpansPerRequest).Gauge().DataPoints().At(0).DoubleValue())
}

func TestTheLossOfTheRunsOwnSpanIsNotThatOfARequests(t *testing.T) {
	server := newTarget(t)
	pipeline := &stubborn{answer: func(call int64) error {
		if call == 2 {
			return consumererror.NewPermanent(errBusy)
		}
		return nil
	}}
	cfg := server.config("1000/s", 20)
	cfg.Spans = SpansConfig{Batch: 20, FlushInterval: time.Hour}
	sum := newCollector(t, settings(), cfg, pipes{traces: pipeline}).start().end()
	assert.Equal(t, 1.0, sum.Telemetry.SpansPerRequest)
	assert.Equal(t, []string{"the pipeline did not get all spans: 1 were lost"}, sum.Faults)
}

func TestWithoutAPipelineForSpansThereIsNoRatioOfThem(t *testing.T) {
	server := newTarget(t)
	metrics := new(consumertest.MetricsSink)
	sum := newCollector(t, settings(), server.config("1000/s", 20), pipes{metrics: metrics}).start().end()
	assert.Zero(t, sum.Telemetry.SpansPerRequest)
	assert.Empty(t, sum.Faults)
	for _, m := range metrics.AllMetrics() {
		all := m.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		for i := range all.Len() {
			assert.NotEqual(t, attr.MetricSpansPerRequest, all.At(i).Name())
		}
	}
}

func TestARefusingPipelineDoesNotSlowTheAttack(t *testing.T) {
	server := newTarget(t)
	pipeline := &stubborn{answer: func(int64) error { return errBusy }}
	cfg := server.config("1000/s", 500)
	cfg.Queue.DrainTimeout = 50 * time.Millisecond
	c := newCollector(t, settings(), cfg, pipes{traces: pipeline}).start()
	server.eventually(t, 500)
	require.Error(t, c.shutdown(patience), "spans were left behind")
	sum := c.end()
	assert.EqualValues(t, 500, sum.Total.Requests.Finished)
	assert.EqualValues(t, 501, sum.Telemetry.SpansMade)
	assert.EqualValues(t, 501, sum.Telemetry.SpansDropped)
	assert.NotEmpty(t, sum.Faults)
}

// A pipeline may hang and ignore its context. The shutdown must end all the same.
func TestAShutdownHonoursItsContext(t *testing.T) {
	server := newTarget(t)
	release := make(chan struct{})
	pipeline := &stubborn{answer: func(int64) error { <-release; return nil }}
	cfg := server.config("1000/s", 20)
	cfg.Queue.DrainTimeout = time.Hour // nothing but the context ends it
	c := newCollector(t, settings(), cfg, pipes{traces: pipeline}).start()
	server.eventually(t, 20)
	began := time.Now()
	require.Error(t, c.shutdown(100*time.Millisecond))
	assert.Less(t, time.Since(began), patience)
	sum := c.end()
	close(release)
	assert.Equal(t, sum.Telemetry.SpansMade, sum.Telemetry.SpansDelivered+sum.Telemetry.SpansDropped)
}

// The final figures once waited for the spans: with a pipeline of spans that was
// down they never came, and a shutdown dropped them.
func TestADeadTracesPipelineDoesNotCostTheMetricsTheirFinalFigures(t *testing.T) {
	server := newTarget(t)
	p, _, metrics, logs := sinks()
	p.traces = &stubborn{answer: func(int64) error { return errBusy }}
	cfg := server.config("1000/s", 100)
	cfg.Metrics.Interval = time.Hour
	cfg.Queue.DrainTimeout = 2 * time.Second
	c := newCollector(t, settings(), cfg, p).start()
	require.Eventually(t, func() bool { return len(metrics.AllMetrics()) > 0 }, patience, time.Millisecond)
	ended := named(t, metrics.AllMetrics()[0], attr.MetricRequests).Sum().DataPoints() // from 0
	assert.EqualValues(t, 100, ended.At(ended.Len()-1).IntValue())
	require.Eventually(t, func() bool { return logs.LogRecordCount() == 5 }, patience, time.Millisecond)

	require.ErrorContains(t, c.shutdown(patience), "101 items")
	sum := c.end()
	assert.Zero(t, sum.Telemetry.MetricsDropped)
	all := metrics.AllMetrics()
	assert.Equal(t, map[string]int64{"made": 101, "delivered": 0, "sampled_out": 0, "dropped": 101}, spanStates(t, all[len(all)-1]))
}

func TestMetricsGoOnAtTheirIntervalWhileSpansAreStuck(t *testing.T) {
	server := newTarget(t)
	p, _, metrics, _ := sinks()
	p.traces = &stubborn{answer: func(int64) error { return errBusy }}
	cfg := server.config("1000/s", 20)
	cfg.Metrics.Interval = 10 * time.Millisecond
	cfg.Queue.DrainTimeout = 50 * time.Millisecond
	c := newCollector(t, settings(), cfg, p).start()
	await(t, c.handle().Idle(), "the last request")
	before := len(metrics.AllMetrics())
	require.Eventually(t, func() bool { return len(metrics.AllMetrics()) > before+5 }, patience, time.Millisecond)
	require.Error(t, c.shutdown(patience))
}

func TestSpansThatAreRefusedLeaveRoomForMetricsAndEvents(t *testing.T) {
	server := newTarget(t)
	p, _, metrics, logs := sinks()
	p.traces = &stubborn{answer: func(int64) error { return errBusy }}
	cfg := server.config("2000/s", 3000)
	cfg.Queue = QueueConfig{MaxBytes: 1 << 20, DrainTimeout: 2 * time.Second}
	c := newCollector(t, settings(), cfg, p).start()
	await(t, c.handle().Idle(), "the last request")
	own := c.receivers[0].(*member).of.run.Load()
	assert.NotZero(t, own.out.traces.Counts().Dropped(), "the budget is used up")
	require.Error(t, c.shutdown(patience))
	sum := c.end()
	assert.Zero(t, sum.Telemetry.MetricsDropped)
	assert.Zero(t, sum.Telemetry.LogsDropped)
	assert.NotZero(t, metrics.DataPointCount())
	assert.Equal(t, 5, logs.LogRecordCount())
}

// The collector joins the errors of its receivers, and once told each three times.
func TestAFailedShutdownIsToldOnce(t *testing.T) {
	server := newTarget(t)
	p, _, _, _ := sinks()
	p.traces = &stubborn{answer: func(int64) error { return errBusy }}
	cfg := server.config("1000/s", 5)
	cfg.Queue.DrainTimeout = 50 * time.Millisecond
	c := newCollector(t, settings(), cfg, p).start()
	await(t, c.handle().Idle(), "the last request")
	require.Len(t, c.receivers, 3)
	require.Error(t, c.receivers[0].Shutdown(t.Context()))
	require.NoError(t, c.receivers[1].Shutdown(t.Context()))
	require.NoError(t, c.receivers[2].Shutdown(t.Context()))
}
