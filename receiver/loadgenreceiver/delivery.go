package loadgenreceiver

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/outbox"
)

// format is what the collector's own receiver metrics call our data.
const format = "pdata"

// memoryPerWire is about how much more memory pdata takes than its encoding.
const memoryPerWire = 3

// smallLane is the part of the budget that metrics have for themselves, and
// events: 1/16. Spans, of which there is a flood, get at most the other 7/8.
const smallLane = 16

// consumers are the pipelines behind the receivers; nil where there is none.
type consumers struct {
	traces  consumer.Traces
	metrics consumer.Metrics
	logs    consumer.Logs
}

// delivery takes telemetry to the pipelines. What has no pipeline is not kept.
type delivery struct {
	next   consumers
	report *receiverhelper.ObsReport
	box    *outbox.Box

	traces, metrics, logs *outbox.Lane // nil where there is no pipeline
}

// newDelivery starts the goroutines of the outbox; shutdown ends them.
func newDelivery(next consumers, set receiver.Settings, max Size) (*delivery, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "loadgen", LongLivedCtx: true, ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, fmt.Errorf("make the receiver's own telemetry: %w", err)
	}
	d := &delivery{next: next, report: report, box: outbox.New(int64(max))}
	if next.traces != nil {
		d.traces = d.box.Lane(int64(max) / 2)
	}
	if next.metrics != nil {
		d.metrics = d.box.Lane(int64(max) / smallLane)
	}
	if next.logs != nil {
		d.logs = d.box.Lane(int64(max) / smallLane)
	}
	return d, nil
}

// putRecords has records wait as they are, in a tenth of the memory of their
// spans; render makes the spans.
func (d *delivery) putRecords(records []loadgen.Record, render func([]loadgen.Record) ptrace.Traces) {
	d.traces.Put(outbox.Batch{
		Items: len(records),
		Bytes: sizeOf(records),
		Send: func(ctx context.Context) error {
			return d.sendTraces(ctx, render(records))
		},
	})
}

func sizeOf(records []loadgen.Record) int {
	n := len(records) * int(unsafe.Sizeof(loadgen.Record{}))
	for i := range records {
		n += len(records[i].ErrorText) + len(records[i].Excerpt)
		if s := records[i].Stream; s != nil {
			n += int(unsafe.Sizeof(*s)) + cap(s.Gaps)*int(unsafe.Sizeof(time.Duration(0)))
		}
	}
	return n
}

// putTraces has dropped called if the spans are; see outbox.Batch.
func (d *delivery) putTraces(t ptrace.Traces, dropped func()) {
	d.traces.Put(outbox.Batch{
		Items: t.SpanCount(),
		Bytes: memoryPerWire * (&ptrace.ProtoMarshaler{}).TracesSize(t),
		Send: func(ctx context.Context) error {
			fresh := ptrace.NewTraces()
			t.CopyTo(fresh)
			return d.sendTraces(ctx, fresh)
		},
		Dropped: dropped,
	})
}

func (d *delivery) sendTraces(ctx context.Context, t ptrace.Traces) error {
	n := t.SpanCount()
	ctx = d.report.StartTracesOp(ctx)
	err := d.next.traces.ConsumeTraces(ctx, t)
	d.report.EndTracesOp(ctx, format, n, err)
	return err
}

func (d *delivery) putMetrics(m pmetric.Metrics) {
	d.metrics.Put(outbox.Batch{
		Items: m.DataPointCount(),
		Bytes: memoryPerWire * (&pmetric.ProtoMarshaler{}).MetricsSize(m),
		Send: func(ctx context.Context) error {
			fresh := pmetric.NewMetrics()
			m.CopyTo(fresh)
			ctx = d.report.StartMetricsOp(ctx)
			err := d.next.metrics.ConsumeMetrics(ctx, fresh)
			d.report.EndMetricsOp(ctx, format, m.DataPointCount(), err)
			return err
		},
	})
}

func (d *delivery) putLogs(l plog.Logs) {
	d.logs.Put(outbox.Batch{
		Items: l.LogRecordCount(),
		Bytes: memoryPerWire * (&plog.ProtoMarshaler{}).LogsSize(l),
		Send: func(ctx context.Context) error {
			fresh := plog.NewLogs()
			l.CopyTo(fresh)
			ctx = d.report.StartLogsOp(ctx)
			err := d.next.logs.ConsumeLogs(ctx, fresh)
			d.report.EndLogsOp(ctx, format, l.LogRecordCount(), err)
			return err
		},
	})
}

// counts of a lane; zero where there is no pipeline.
func counts(l *outbox.Lane) outbox.Counts {
	if l == nil {
		return outbox.Counts{}
	}
	return l.Counts()
}

// flush waits until what was put into the lanes is delivered or dropped.
func flush(lanes ...*outbox.Lane) {
	for _, l := range lanes {
		if l != nil {
			_ = l.Flush(context.Background()) // ends with the lane at the latest
		}
	}
}
