package loadgenreceiver

import (
	"time"

	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/loadmetrics"
)

// finish reports the end of the run and waits until all telemetry was
// delivered or dropped. Metrics of the whole run are put at once, and go on at
// their interval while a pipeline of spans or events keeps the run waiting. The
// last are put after the spans have settled, so that their point says what became
// of every span.
func (r *run) finish(err error) summary.Summary {
	end := time.Now()
	live := r.live.Load()
	live.flush()
	r.archives.flush()
	for i, a := range r.runner.Accounts() {
		live.addUnsent(i, a.UnsentReason, a.Unsent)
	}
	sum := r.summary(end, err)
	if r.out.traces != nil {
		r.own.Add(1)
		r.out.putTraces(r.render.Run(&sum), func() { r.lost.Add(1) })
	}
	r.putEvent(r.events.RunStop(end, &sum))
	close(r.reported)
	r.putMetrics(time.Now())
	r.emit(r.settled())
	r.putMetrics(time.Now())
	close(r.last)
	flush(r.out.metrics)
	sum = r.summary(end, err)
	if err := r.archives.conclude(&sum); err != nil {
		r.log.Error("the archive lacks the run's result", zap.Error(err))
	}
	return sum
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
	spans := r.spans()
	sum := r.live.Load().figures.Summary(end, summary.Conclusion{
		Accounts: r.runner.Accounts(), Stopped: r.runner.Stopped(), Err: err, Telemetry: r.telemetry(spans), Reason: r.stopReason(),
	})
	sum.Identify(r.digest, r.entire)
	sent := sum.Total.Requests.Sent()
	if spans.Wanted {
		sum.Telemetry.OfRequests(spans.Kept, sent)
	}
	sum.Faults = append(sum.Faults, sum.Telemetry.Check(sent)...)
	sum.Faults = append(sum.Faults, r.archives.faults()...)
	sum.Environment.Generator = r.origin.Environment
	r.watch.Load().judge(&sum)
	return sum
}

// stopReason returns what stopped the run, if it was stopped.
func (r *run) stopReason() string {
	if cause := r.runner.Cause(); cause != nil {
		return cause.Error()
	}
	return ""
}

// spans returns the counts of the run's spans.
func (r *run) spans() loadmetrics.Spans {
	if live := r.live.Load(); live != nil {
		return r.spansOf(live.requestSpans())
	}
	return r.spansOf(requestSpans{})
}

// spansOf is spans, with those of requests. Kept is by the queue's own counts, so
// that it tells a span that was made and got lost.
func (r *run) spansOf(n requestSpans) loadmetrics.Spans {
	c, own := counts(r.out.traces), r.own.Load()
	return loadmetrics.Spans{
		Wanted:    r.out.traces != nil,
		Kept:      n.unput + c.Put - c.Dropped() - (own - r.lost.Load()),
		Made:      n.made + own,
		Waiting:   n.unput + c.Waiting(),
		Delivered: c.Delivered,
		Dropped:   c.Dropped(),
		Unsampled: n.sampledOut,
	}
}

// telemetry returns the counts of the run's telemetry.
func (r *run) telemetry(spans loadmetrics.Spans) summary.Telemetry {
	traces, metrics, logs := counts(r.out.traces), counts(r.out.metrics), counts(r.out.logs)
	return summary.Telemetry{
		SpansMade:       spans.Made,
		SpansWaiting:    spans.Waiting,
		SpansDelivered:  spans.Delivered,
		SpansDropped:    spans.Dropped,
		SpansSampledOut: spans.Unsampled,
		MetricsDropped:  metrics.Dropped(),
		LogsDropped:     logs.Dropped(),
		Refused:         traces.Retries + metrics.Retries + logs.Retries,
	}
}

// state is what the metrics report beside the records and the spans.
func (r *run) state() loadmetrics.State {
	var s loadmetrics.State
	accounts := r.runner.Accounts()
	rates := r.live.Load().figures.Rates(accounts)
	for i, a := range accounts {
		attack := loadmetrics.AttackState{Planned: a.Planned, RateWanted: a.RateWanted, RateAchieved: rates[i]}
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
	s := r.live.Load().figures.Snapshot(now, r.runner.Accounts())
	s.Breached = r.watch.Load().breached()
	return s
}
