package hub

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Windows is a source of all lines of any trace within a window of time, each once.
// It yields on the caller's goroutine. After an error with a method Incomplete that
// reports true, all lines were yielded that can be had; after any other, some.
type Windows interface {
	Window(ctx context.Context, from, to time.Time, yield func(logline.Line)) error
}

// Pull configures how the lines of all requests are fetched.
type Pull struct {
	Source Windows       // nil: they are not
	Every  time.Duration // how often
	Settle time.Duration // how old a line is before the source surely has it
}

// Bounds of the lines of one window that are held until it is whole; those beyond are left
// to the look-ups of requests that matter.
const (
	maxPulledLines = 200_000
	pullShare      = 4 // of the budget, beside what waits: 1/4
)

// puller fetches one window after another, and hands the lines to the loops.
type puller struct {
	hub    *Hub
	cancel context.CancelFunc
	ended  chan struct{}
}

func newPuller(h *Hub) *puller {
	ctx, cancel := context.WithCancel(context.Background())
	p := &puller{hub: h, cancel: cancel, ended: make(chan struct{})}
	go p.run(ctx)
	return p
}

func (p *puller) run(ctx context.Context) {
	defer close(p.ended)
	o := &p.hub.o.Pull
	if o.Source == nil {
		return
	}
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	from := time.Now().Add(-o.Settle)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			from = p.pull(ctx, from, time.Now())
		}
	}
}

// pull fetches the window from the end of the last one, and returns its own end. A
// window that failed is fetched again with the next, as far as spans still wait for
// it.
func (p *puller) pull(ctx context.Context, from, now time.Time) (next time.Time) {
	o := &p.hub.o
	to := now.Add(-o.Pull.Settle)
	if oldest := now.Add(-o.Wait - o.Pull.Settle); from.Before(oldest) {
		from = oldest
	}
	ctx, cancel := context.WithTimeout(ctx, max(o.Pull.Every, o.Logs.LookupTimeout))
	defer cancel()
	lines, held, bytes, of := make([][]logline.Line, o.Shards), 0, int64(0), ""
	err := o.Pull.Source.Window(ctx, from, to, func(l logline.Line) {
		if bytes += int64(l.Size()); held == maxPulledLines || bytes > o.MaxBytes/pullShare {
			p.hub.counts.pulledOver.Add(1)
			return
		}
		if held == 0 || l.Service != of {
			of = l.Service
			p.hub.targets.observeLines(of)
		}
		held++
		i := shardOf(l.TraceID, o.Shards)
		lines[i] = append(lines[i], l)
	})
	p.hub.targets.fetched(err == nil || incomplete(err))
	switch {
	case err == nil:
		p.hub.counts.pulls.Add(1)
	case incomplete(err): // to fetch it again would bring no more
		p.hub.counts.pullsIncomplete.Add(1)
	default:
		p.hub.counts.pullsFailed.Add(1)
		return from
	}
	p.hub.counts.pulled.Add(int64(held))
	p.hub.enqueueLines(lines)
	return to
}

// incomplete reports whether an error means that all lines came except some that cannot
// be fetched.
func incomplete(err error) bool {
	var e interface{ Incomplete() bool }
	return errors.As(err, &e) && e.Incomplete()
}

func (p *puller) shutdown() {
	p.cancel()
	<-p.ended
}

// enqueueLines hands lines, by shard, to the loops, unless they are shut down.
func (h *Hub) enqueueLines(lines [][]logline.Line) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if !h.open {
		return
	}
	for i, l := range lines {
		if h.overBudget() {
			h.counts.linesSkipped.Add(int64(len(l)))
		} else if len(l) > 0 && i < len(h.loops) {
			h.enqueue(h.loops[i], join.Input{Spans: ptrace.NewTraces(), Lines: l})
		}
	}
}
