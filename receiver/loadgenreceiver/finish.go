package loadgenreceiver

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/meter"
)

// finish tells of the end of the run and waits until all telemetry was
// delivered or dropped. Metrics of the whole run are put at once, and go on at
// their interval while a pipeline of spans or events keeps the run waiting. The
// last are put after the spans have settled, so that their point says what became
// of every span.
func (r *run) finish(err error) summary.Summary {
	end := time.Now()
	live := r.live.Load()
	live.flush()
	for i, a := range r.runner.Accounts() {
		live.addUnsent(i, a.UnsentReason, a.Unsent)
	}
	sum := r.summary(end, err)
	if r.out.traces != nil {
		r.own.Add(1)
		r.out.putTraces(r.render.Run(&sum))
	}
	r.putEvent(r.events.RunStop(end, &sum))
	close(r.told)
	r.putMetrics(time.Now())
	r.emit(r.settled())
	r.putMetrics(time.Now())
	close(r.last)
	flush(r.out.metrics)
	return r.summary(end, err)
}

// settled is closed when every span and event was delivered or dropped.
func (r *run) settled() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		flush(r.out.traces, r.out.logs)
	}()
	return done
}

// summary of the run at its end, with what became of its telemetry until now.
func (r *run) summary(end time.Time, err error) summary.Summary {
	t := r.telemetry()
	sum := r.live.Load().figures.Summary(end, summary.Conclusion{
		Accounts: r.runner.Accounts(), Stopped: r.runner.Stopped(), Err: err, Telemetry: t,
	})
	sum.Faults = append(sum.Faults, t.Check(sum.Total.Requests.Sent())...)
	return sum
}

// spans says what became of the run's spans.
func (r *run) spans() meter.Spans {
	c := counts(r.out.traces)
	s := meter.Spans{Made: r.own.Load(), Delivered: c.Delivered, Dropped: c.Dropped}
	if live := r.live.Load(); live != nil {
		s.Requests, _ = live.requestSpans()
	}
	s.Made += s.Requests
	return s
}

// telemetry says what became of the run's telemetry.
func (r *run) telemetry() summary.Telemetry {
	spans, metrics, logs := counts(r.out.traces), counts(r.out.metrics), counts(r.out.logs)
	made, sent := r.live.Load().requestSpans()
	t := summary.Telemetry{
		SpansMade:      made + r.own.Load(),
		SpansDelivered: spans.Delivered,
		SpansDropped:   spans.Dropped,
		MetricsDropped: metrics.Dropped,
		LogsDropped:    logs.Dropped,
		Refused:        spans.Refused + metrics.Refused + logs.Refused,
	}
	if sent > 0 {
		t.SpansPerRequest = float64(made) / float64(sent)
	}
	return t
}

// state is what the metrics report beside the records.
func (r *run) state() meter.State {
	s := meter.State{Spans: r.spans()}
	for _, a := range r.runner.Accounts() {
		attack := meter.AttackState{Planned: a.Planned, RateWanted: a.RateWanted}
		if a.Given > a.Recorded { // the two are read one after the other
			attack.InFlight = a.Given - a.Recorded
		}
		s.Attacks = append(s.Attacks, attack)
	}
	return s
}

func (r *run) overflowed() uint64 {
	if live := r.live.Load(); live != nil {
		return live.overflowed()
	}
	return 0
}

func (r *run) snapshot(now time.Time) summary.Snapshot {
	return r.live.Load().figures.Snapshot(now, r.runner.Accounts())
}
