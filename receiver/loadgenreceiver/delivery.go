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

	"github.com/loadtrace/loadtrace/internal/pdatasize"
	"github.com/loadtrace/loadtrace/internal/queue"
	"github.com/loadtrace/loadtrace/loadgen"
)

// format is what the collector's own receiver metrics call our data.
const format = "pdata"

// smallShare is the part of the budget that metrics have for themselves, and
// events: 1/16. Spans, of which there is a flood, get at most the other 7/8.
const smallShare = 16

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
	budget *queue.Pool // bytes that wait in all queues

	traces, metrics, logs *queue.Queue[payload] // nil where there is no pipeline
}

// payload is what a pipeline is to be given.
type payload struct {
	send    func(context.Context) error // hands over fresh data each time
	dropped func()                      // see queue.Options; nil for none
}

// newDelivery starts the workers of the queues; shutdown ends them.
func newDelivery(next consumers, set receiver.Settings, max Size) (*delivery, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "loadgen", LongLivedCtx: true, ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, fmt.Errorf("make the receiver's own telemetry: %w", err)
	}
	d := &delivery{next: next, report: report, budget: queue.NewPool(int64(max))}
	if next.traces != nil {
		d.traces = d.queue(int64(max) / 2)
	}
	if next.metrics != nil {
		d.metrics = d.queue(int64(max) / smallShare)
	}
	if next.logs != nil {
		d.logs = d.queue(int64(max) / smallShare)
	}
	return d, nil
}

// queue makes a queue that has a reserve of the budget's bytes for itself.
func (d *delivery) queue(reserve int64) *queue.Queue[payload] {
	return queue.New(queue.Options[payload]{
		Budget: d.budget.Share(reserve),
		Send:   func(ctx context.Context, p *payload) error { return p.send(ctx) },
		Dropped: func(p *payload) {
			if p.dropped != nil {
				p.dropped()
			}
		},
	})
}

// shutdown ends all queues; see queue.Shutdown.
func (d *delivery) shutdown(ctx context.Context) error {
	return queue.Shutdown(ctx, d.traces, d.metrics, d.logs)
}

// putRecords has records wait as they are, in a tenth of the memory of their
// spans; render makes the spans.
func (d *delivery) putRecords(records []loadgen.Record, render func([]loadgen.Record) ptrace.Traces) {
	d.traces.Put(queue.Batch[payload]{
		Items: len(records),
		Bytes: int64(sizeOf(records)),
		Data: payload{send: func(ctx context.Context) error {
			return d.sendTraces(ctx, render(records))
		}},
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

// putTraces has dropped called if the spans are; see queue.Options.
func (d *delivery) putTraces(t ptrace.Traces, dropped func()) {
	d.traces.Put(queue.Batch[payload]{
		Items: t.SpanCount(),
		Bytes: int64(pdatasize.Traces(t)),
		Data: payload{
			send: func(ctx context.Context) error {
				fresh := ptrace.NewTraces()
				t.CopyTo(fresh)
				return d.sendTraces(ctx, fresh)
			},
			dropped: dropped,
		},
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
	d.metrics.Put(queue.Batch[payload]{
		Items: m.DataPointCount(),
		Bytes: int64(pdatasize.Metrics(m)),
		Data: payload{send: func(ctx context.Context) error {
			fresh := pmetric.NewMetrics()
			m.CopyTo(fresh)
			ctx = d.report.StartMetricsOp(ctx)
			err := d.next.metrics.ConsumeMetrics(ctx, fresh)
			d.report.EndMetricsOp(ctx, format, m.DataPointCount(), err)
			return err
		}},
	})
}

func (d *delivery) putLogs(l plog.Logs) {
	d.logs.Put(queue.Batch[payload]{
		Items: l.LogRecordCount(),
		Bytes: int64(pdatasize.Logs(l)),
		Data: payload{send: func(ctx context.Context) error {
			fresh := plog.NewLogs()
			l.CopyTo(fresh)
			ctx = d.report.StartLogsOp(ctx)
			err := d.next.logs.ConsumeLogs(ctx, fresh)
			d.report.EndLogsOp(ctx, format, l.LogRecordCount(), err)
			return err
		}},
	})
}

// counts of a queue; zero where there is no pipeline.
func counts(q *queue.Queue[payload]) queue.Counts {
	if q == nil {
		return queue.Counts{}
	}
	return q.Counts()
}

// flush waits until what was put into the queues is delivered or dropped.
func flush(queues ...*queue.Queue[payload]) {
	for _, q := range queues {
		if q != nil {
			_ = q.Flush(context.Background()) // ends with the queue at the latest
		}
	}
}
