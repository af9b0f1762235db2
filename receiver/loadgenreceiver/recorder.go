package loadgenreceiver

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/loadmetrics"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/span"
)

// recorder is the sink of a run: each record goes to the figures, the span and
// the histogram points, the latter two under one lock, so that they always agree.
//
// Subtle: the lock is held for about a microsecond for each record, and a tenth
// of one more for each gap of a stream, of which there are loadgen.MaxGaps at
// most; longer only while metrics are collected. Handing records to a goroutine instead would need
// a queue, and a queue is either bounded, and then records are lost, or not.
type recorder struct {
	batch int                    // spans are put in batches of this many
	put   func([]loadgen.Record) // takes a batch and keeps it; nil if spans are not wanted

	figures *summary.Accumulator  // has locks of its own
	archive func(*loadgen.Record) // the same

	mu      sync.Mutex // guards what follows
	waiting []loadgen.Record
	spans   uint64 // made of requests, also those that wait
	meter   *loadmetrics.Meter
	// sampledOut is requests that were sent and get no span.
	sampledOut uint64
}

// record is a loadgen.Sink.
func (r *recorder) record(rec *loadgen.Record) {
	r.figures.Add(rec)
	r.archive(rec)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meter.Add(rec)
	if r.put == nil || rec.Outcome == loadgen.NotSent {
		return
	}
	if rec.Unsampled {
		r.sampledOut++
		return
	}
	r.spans++
	if r.waiting == nil {
		r.waiting = make([]loadgen.Record, 0, r.batch)
	}
	r.waiting = append(r.waiting, span.Hold(rec))
	if len(r.waiting) == r.batch {
		r.put(r.waiting)
		r.waiting = nil
	}
}

// flush puts what waits for its batch to fill.
func (r *recorder) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) > 0 {
		r.put(slices.Clone(r.waiting)) // of its exact size, as the budget counts it
		clear(r.waiting)
		r.waiting = r.waiting[:0]
	}
}

// collect renders the metrics until now. spans is called within the lock, so that
// what it says agrees with the records.
func (r *recorder) collect(now time.Time, state loadmetrics.State, spans func(requestSpans) loadmetrics.Spans) pmetric.Metrics {
	r.mu.Lock()
	defer r.mu.Unlock()
	state.Spans = spans(r.counted())
	return r.meter.Collect(now, state)
}

// addUnsent counts requests of an attack for which no record will come.
func (r *recorder) addUnsent(attack int, reason loadgen.NotSentReason, n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meter.AddUnsent(attack, reason, n)
}

// requestSpans counts the spans of requests.
type requestSpans struct {
	made       uint64
	unput      uint64 // of those, waiting for their batch to fill
	sampledOut uint64 // not made, by the plan's sampling
}

func (r *recorder) requestSpans() requestSpans {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counted()
}

// counted is requestSpans for who holds mu.
func (r *recorder) counted() requestSpans {
	return requestSpans{r.spans, uint64(len(r.waiting)), r.sampledOut}
}

// overflowed is how many measurements went to an overflow series.
func (r *recorder) overflowed() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.meter.Overflowed()
}
