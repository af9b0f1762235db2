//go:build linux

package loadgenreceiver

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/memorytest"
)

const (
	floodBudget = 16 << 20 // sending_queue::max_bytes
	floodBytes  = 1 << 20  // of memory, about, in each payload
)

// floodPayloads is far more than the memory that is allowed.
func floodPayloads() int {
	if memorytest.Raced {
		return 100
	}
	return 250
}

// The sending queue once took three times the encoding for the memory of metrics and events. Of
// what is small and many, such as points without attributes, that was a twentieth.
func TestTheQueueIsBoundedWhateverWaits(t *testing.T) {
	memorytest.EachCase(t, floodBudget, slices.Sorted(maps.Keys(queueFloods)), func(t *testing.T, name string, look func()) {
		blocked := answering{consumertest.NewNop(), func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		d, err := newDelivery(consumers{blocked, blocked, blocked}, settings(), floodBudget)
		require.NoError(t, err)
		for i := range floodPayloads() {
			queueFloods[name](d, i)
			look()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.Error(t, d.shutdown(ctx), "nothing was delivered")
	})
}

var queueFloods = func() map[string]func(d *delivery, i int) {
	all := map[string]func(d *delivery, i int){
		"spans, empty": func(d *delivery, _ int) { d.putTraces(someSpans(floodBytes/200), nil) },
	}
	for name, fill := range metricFloods {
		all["metrics, "+name] = func(d *delivery, i int) {
			md := pmetric.NewMetrics()
			fill(md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics(), i)
			d.putMetrics(md)
		}
	}
	for name, fill := range eventFloods {
		all["events, "+name] = func(d *delivery, i int) {
			ld := plog.NewLogs()
			fill(ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords(), i)
			d.putLogs(ld)
		}
	}
	return all
}()

// metricFloods are some fields that may be large, and what may be many; the tests of
// pdatasize have all of them.
var metricFloods = map[string]func(ms pmetric.MetricSlice, i int){
	"name": func(ms pmetric.MetricSlice, i int) {
		m := ms.AppendEmpty()
		m.SetName(floodText(i))
		m.SetEmptyGauge().DataPoints().AppendEmpty()
	},
	"points": func(ms pmetric.MetricSlice, _ int) {
		repeat(floodBytes/100, ms.AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty)
	},
	"bytes": func(ms pmetric.MetricSlice, i int) {
		ms.AppendEmpty().SetEmptySum().DataPoints().AppendEmpty().Attributes().PutEmptyBytes("k").FromRaw([]byte(floodText(i)))
	},
	"buckets": func(ms pmetric.MetricSlice, _ int) {
		ms.AppendEmpty().SetEmptyExponentialHistogram().DataPoints().AppendEmpty().Positive().BucketCounts().FromRaw(make([]uint64, floodBytes/8))
	},
	"exemplars": func(ms pmetric.MetricSlice, _ int) {
		repeat(floodBytes/80, ms.AppendEmpty().SetEmptySum().DataPoints().AppendEmpty().Exemplars().AppendEmpty)
	},
	"exemplar's text": func(ms pmetric.MetricSlice, i int) {
		ms.AppendEmpty().SetEmptySum().DataPoints().AppendEmpty().Exemplars().AppendEmpty().FilteredAttributes().PutStr("k", floodText(i))
	},
}

var eventFloods = map[string]func(records plog.LogRecordSlice, i int){
	"empty": func(records plog.LogRecordSlice, _ int) { repeat(floodBytes/130, records.AppendEmpty) },
	"key": func(records plog.LogRecordSlice, i int) {
		records.AppendEmpty().Attributes().PutBool(floodText(i), true)
	},
	"map": func(records plog.LogRecordSlice, i int) {
		records.AppendEmpty().Body().SetEmptyMap().PutEmptyMap("k").PutStr("l", floodText(i))
	},
}

func repeat[T any](n int, add func() T) {
	for range n {
		add()
	}
}

// floodText is about a megabyte, another one each time.
func floodText(i int) string {
	b := bytes.Repeat([]byte{'x'}, floodBytes)
	return string(strconv.AppendInt(b, int64(i), 10))
}
