package hub

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// pending is how many batches wait for the source. Further ones are finished without it.
// All that wait are queried together: a source that is unavailable delays them by its
// timeout, or twice that if another query is under way, and nothing else.
const pending = 16

// lookupShare is the part of the budget for the lines of one query, beside what waits:
// 1/16. Those beyond are counted as cut.
const lookupShare = 16

// lookups asks the source for the lines of requests that matter and have none.
// Without a source it is inert.
type lookups struct {
	hub    *Hub
	source Source
	queue  chan *outcome
	ended  chan struct{}
	ctx    context.Context
	cancel context.CancelFunc
}

func newLookups(h *Hub) *lookups {
	l := &lookups{hub: h, source: h.o.Source, queue: make(chan *outcome, pending), ended: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	go l.run()
	return l
}

// offer takes an outcome over if the source is to be asked for it, and can be.
func (l *lookups) offer(o *outcome) bool {
	if l.source == nil || len(l.missing(o)) == 0 || o.left.Reason == join.ShutDown {
		return false
	}
	bytes := int64(o.left.Bytes)
	l.hub.counts.outgoing.Add(bytes) // until finish charges it again
	select {
	case l.queue <- o:
		return true
	default:
		l.hub.counts.outgoing.Add(-bytes)
		l.hub.counts.lookupsSkipped.Add(int64(len(l.missing(o))))
		return false
	}
}

// missing are the results that matter and have no lines.
func (l *lookups) missing(o *outcome) (of []*annotate.Result) {
	for i := range o.results {
		if r := &o.results[i]; o.kept[i] && len(r.Lines) == 0 && (o.named[i] || l.matters(r)) {
			of = append(of, r)
		}
	}
	return of
}

func (l *lookups) matters(r *annotate.Result) bool {
	return r.Client.Failed || r.Client.Request.Response >= l.hub.o.Logs.LookupSlow
}

func (l *lookups) run() {
	defer close(l.ended)
	for first := range l.queue {
		all := l.waiting(first)
		l.query(all)
		for _, o := range all {
			l.hub.finish(o)
			l.hub.counts.outgoing.Add(-int64(o.left.Bytes))
		}
	}
}

// waiting are all outcomes that wait now, after the first.
func (l *lookups) waiting(first *outcome) []*outcome {
	all := []*outcome{first}
	for len(all) <= pending {
		select {
		case o, ok := <-l.queue:
			if !ok {
				return all
			}
			all = append(all, o)
		default:
			return all
		}
	}
	return all
}

// shutdown ends queries, and finishes what waits for one.
func (l *lookups) shutdown() {
	l.cancel()
	close(l.queue)
	<-l.ended
}

func (l *lookups) query(all []*outcome) {
	var of []*annotate.Result
	for _, o := range all {
		of = append(of, l.missing(o)...)
	}
	byID := make(map[pcommon.TraceID]*annotate.Result, len(of))
	ids := make([]pcommon.TraceID, 0, len(of))
	from, to := of[0].LogSpan()
	for _, r := range of {
		if byID[r.Trace] == nil {
			byID[r.Trace] = r
			ids = append(ids, r.Trace)
		}
		begin, end := r.LogSpan()
		if begin.Before(from) {
			from = begin
		}
		if end.After(to) {
			to = end
		}
	}
	ctx, cancel := context.WithTimeout(l.ctx, l.hub.o.Logs.LookupTimeout)
	defer cancel()
	l.hub.counts.lookups.Add(int64(len(ids)))
	bytes := int64(0)
	err := l.source.Lookup(ctx, ids, from, to, func(line logline.Line) {
		r := byID[line.TraceID]
		switch {
		case r == nil:
		case len(r.Lines) < join.MaxLines && bytes <= l.hub.o.MaxBytes/lookupShare:
			bytes += int64(line.Size())
			r.Lines = append(r.Lines, line)
		default:
			r.LinesCut++
		}
	})
	if err != nil {
		l.hub.counts.lookupsFailed.Add(int64(len(ids)))
	}
	// Where nothing else brings lines, they are expected of what is looked up alone.
	expected := l.hub.expected
	expected.Logs = true
	for _, r := range of {
		if err != nil { // there may be some
			r.Observed.Lines = true
		}
		for i := range r.Lines {
			l.hub.targets.observeLines(r.Lines[i].Service)
		}
		r.Conclude(expected)
	}
}
