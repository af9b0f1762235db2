package loadgenreceiver

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadatatest"
)

func TestTwoThousandRequestsMakeTwoThousandSpans(t *testing.T) {
	const n = 2000
	server := newTarget(t)
	p, traces, metrics, logs := sinks()
	sum := newCollector(t, settings(), server.config("2000/s", n), p).start().end()

	require.EqualValues(t, n, server.asked.Load())
	assert.EqualValues(t, n, server.traced.Load())
	assert.EqualValues(t, n, sum.Total.Requests.Finished)
	assert.Equal(t, 1.0, sum.Telemetry.SpansPerRequest)
	assert.EqualValues(t, n+1, sum.Telemetry.SpansMade, "the run has a span too")
	assert.EqualValues(t, n+1, sum.Telemetry.SpansDelivered)
	assert.Empty(t, sum.Faults)

	ids := spanIDs(traces.AllTraces())
	assert.Len(t, ids, n+1)
	last := metrics.AllMetrics()[len(metrics.AllMetrics())-1]
	assert.Equal(t, map[string]int64{"made": n + 1, "delivered": n + 1, "dropped": 0, "sampled_out": 0}, spanStates(t, last))
	assert.Equal(t, 1.0, named(t, last, attr.MetricSpansPerRequest).Gauge().DataPoints().At(0).DoubleValue())
	assert.EqualValues(t, n, named(t, last, attr.MetricClientDuration).ExponentialHistogram().DataPoints().At(0).Count())

	exemplified := exemplars(metrics.AllMetrics())
	assert.NotEmpty(t, exemplified)
	for id := range exemplified {
		require.True(t, ids[id], "an exemplar names %s, which does not exist", id)
	}
	assert.Equal(t, []string{
		attr.EventRunStart, attr.EventAttackStart, attr.EventStageStart, attr.EventAttackStop, attr.EventRunStop,
	}, eventNames(logs.AllLogs()))
}

func TestAnySubsetOfPipelinesIsOneRun(t *testing.T) {
	for subset := 1; subset < 8; subset++ {
		t.Run(fmt.Sprintf("%03b", subset), func(t *testing.T) {
			server := newTarget(t)
			all, traces, metrics, logs := sinks()
			var p pipes
			if subset&1 != 0 {
				p.traces = all.traces
			}
			if subset&2 != 0 {
				p.metrics = all.metrics
			}
			if subset&4 != 0 {
				p.logs = all.logs
			}
			sum := newCollector(t, settings(), server.config("1000/s", 20), p).start().end()
			assert.EqualValues(t, 20, server.asked.Load(), "one run, whatever listens")
			assert.EqualValues(t, 20, sum.Total.Requests.Finished)
			assert.Empty(t, sum.Faults)
			assert.Equal(t, p.traces != nil, traces.SpanCount() == 21)
			assert.Equal(t, p.metrics != nil, metrics.DataPointCount() > 0)
			assert.Equal(t, p.logs != nil, logs.LogRecordCount() == 5)
		})
	}
}

// The pipelines of one configuration start one after another: telemetry sent
// before the last has started would reach exporters that are not there yet.
func TestTheRunBeginsWithTheLastOfItsReceivers(t *testing.T) {
	server := newTarget(t)
	p, _, _, _ := sinks()
	c := newCollector(t, settings(), server.config("1000/s", 5), p)
	for _, r := range c.receivers[:2] {
		require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	}
	assert.Nil(t, c.receivers[0].(*member).of.run.Load())
	require.NoError(t, c.receivers[2].Start(t.Context(), componenttest.NewNopHost()))
	assert.EqualValues(t, 5, c.end().Total.Requests.Finished)
}

func TestAShutdownWithoutAStartDoesNothing(t *testing.T) {
	server := newTarget(t)
	p, _, _, _ := sinks()
	c := newCollector(t, settings(), server.config("1000/s", 5), p)
	receivers := c.receivers
	require.NoError(t, c.shutdown(patience))
	for _, r := range receivers {
		require.NoError(t, r.Shutdown(t.Context()), "again")
		require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()), "too late")
	}
	assert.Zero(t, server.asked.Load())
}

func TestAShutdownEndsTheRunInOrderAndAccountsForEverything(t *testing.T) {
	server := newTarget(t)
	p, traces, _, logs := sinks()
	c := newCollector(t, settings(), server.endless(), p).start()
	server.eventually(t, 50)
	require.NoError(t, c.shutdown(patience))
	sum := c.end()
	assert.Equal(t, "stopped", sum.End)
	requests := sum.Total.Requests
	assert.Equal(t, requests.Planned, requests.Sent()+requests.Unsent())
	assert.EqualValues(t, requests.Sent()+1, traces.SpanCount(), "requests that were not sent have no span")
	assert.Equal(t, sum.Telemetry.SpansMade, sum.Telemetry.SpansDelivered)
	assert.Contains(t, eventNames(logs.AllLogs()), attr.EventRunStop)
}

func TestAHandleStopsTheRunButNotTheReceiver(t *testing.T) {
	server := newTarget(t)
	p, traces, _, _ := sinks()
	c := newCollector(t, settings(), server.endless(), p).start()
	run := c.handle()
	server.eventually(t, 10)
	assert.NotZero(t, run.Snapshot(time.Now()).Sent)
	run.Stop()
	sum := c.end()
	assert.Equal(t, "stopped", sum.End)
	assert.Equal(t, run.RunID().String(), sum.RunID)
	assert.EqualValues(t, sum.Total.Requests.Sent()+1, traces.SpanCount())
}

func TestARunThatIsPausedAndHurriedLosesNothing(t *testing.T) {
	server := newTarget(t)
	p, traces, _, logs := sinks()
	c := newCollector(t, settings(), server.config("100/s", 200), p).start()
	run := c.handle()
	server.eventually(t, 10)
	require.NoError(t, run.SetSpeed("", 0))
	paused := time.Now()
	require.Eventually(t, func() bool { // what was due before the pause has been sent
		s := run.Snapshot(time.Now())
		return s.InFlight == 0 && int64(s.Sent) == server.asked.Load()
	}, patience, time.Millisecond)
	asked := server.asked.Load()
	time.Sleep(200 * time.Millisecond)
	assert.Equal(t, asked, server.asked.Load())
	resumed := time.Now()
	require.NoError(t, run.SetSpeed("", 5))
	sum := c.end()
	assert.Equal(t, "completed", sum.End)
	assert.EqualValues(t, 200, sum.Total.Requests.Finished)
	assert.EqualValues(t, 201, traces.SpanCount())
	intended := 0
	for _, td := range traces.AllTraces() {
		for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			if at, ok := s.Attributes().Get(attr.Intended); ok {
				intended++
				assert.False(t, at.Int() > paused.UnixNano() && at.Int() < resumed.UnixNano(), "a pause makes nobody late: nobody was due in it")
			}
		}
	}
	assert.Equal(t, 200, intended)
	assert.Empty(t, sum.Faults)
	names := eventNames(logs.AllLogs())
	assert.Contains(t, names, attr.EventAttackSpeed)
	assert.Error(t, run.SetSpeed("no such attack", 1))
}

func TestAStartTellsTheFaultsOfThePlansFile(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.PlanFile = "testdata/no-such-plan.yaml"
	c := newCollector(t, settings(), cfg, pipes{traces: new(consumertest.TracesSink)})
	err := c.receivers[0].Start(t.Context(), componenttest.NewNopHost())
	assert.ErrorContains(t, err, "no-such-plan.yaml")
}

func TestTheCollectorsOwnMetricsTellWhatBecameOfTheTelemetry(t *testing.T) {
	own := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, own.Shutdown(context.Background())) })
	server := newTarget(t)
	newCollector(t, metadatatest.NewSettings(own), server.config("1000/s", 20), pipes{traces: new(consumertest.TracesSink)}).start().end()
	metadatatest.AssertEqualLoadgenSpansMade(t, own,
		[]metricdata.DataPoint[int64]{{Value: 21}}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualLoadgenQueueBytes(t, own,
		[]metricdata.DataPoint[int64]{{Value: 0}}, metricdatatest.IgnoreTimestamp())
}

func spanIDs(all []ptrace.Traces) map[pcommon.SpanID]bool {
	ids := map[pcommon.SpanID]bool{}
	for _, traces := range all {
		spans := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
		for i := range spans.Len() {
			ids[spans.At(i).SpanID()] = true
		}
	}
	return ids
}

func named(t *testing.T, m pmetric.Metrics, name string) pmetric.Metric {
	t.Helper()
	metrics := m.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	for i := range metrics.Len() {
		if metrics.At(i).Name() == name {
			return metrics.At(i)
		}
	}
	t.Fatalf("no metric %s", name)
	return pmetric.Metric{}
}

func spanStates(t *testing.T, m pmetric.Metrics) map[string]int64 {
	states := map[string]int64{}
	points := named(t, m, attr.MetricSpans).Sum().DataPoints()
	for i := range points.Len() {
		state, _ := points.At(i).Attributes().Get(attr.SpanState)
		states[state.Str()] = points.At(i).IntValue()
	}
	return states
}

// exemplars is the spans that exemplars of latencies name.
func exemplars(all []pmetric.Metrics) map[pcommon.SpanID]bool {
	ids := map[pcommon.SpanID]bool{}
	for _, m := range all {
		metrics := m.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		for i := range metrics.Len() {
			if metrics.At(i).Type() != pmetric.MetricTypeExponentialHistogram {
				continue
			}
			points := metrics.At(i).ExponentialHistogram().DataPoints()
			for j := range points.Len() {
				for k := range points.At(j).Exemplars().Len() {
					ids[points.At(j).Exemplars().At(k).SpanID()] = true
				}
			}
		}
	}
	return ids
}

func eventNames(all []plog.Logs) (names []string) {
	for _, logs := range all {
		names = append(names, logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).EventName())
	}
	return names
}

// Prometheus once refused the last points of a run, which were of the same millisecond
// as those before.
func TestPointsOfASeriesAreInMillisecondsOfTheirOwn(t *testing.T) {
	s := newTarget(t)
	p, _, metrics, _ := sinks()
	newCollector(t, settings(), s.config("200/s", 20), p).start().end()
	var last pcommon.Timestamp
	all := metrics.AllMetrics()
	require.GreaterOrEqual(t, len(all), 2)
	for _, m := range all {
		at := named(t, m, attr.MetricRequests).Sum().DataPoints().At(0).Timestamp()
		assert.Greater(t, int64(at)/1e6, int64(last)/1e6)
		last = at
	}
}
