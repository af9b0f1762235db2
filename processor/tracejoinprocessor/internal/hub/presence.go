package hub

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// presence records whether any target sends telemetry: it is pending until the first server
// span arrives, in a trace of Options.Own if that is set. A join whose targets are optional
// passes client spans on unchanged once presence has been pending for one wait: to mark
// each as without a server span would state more than is known.
type presence struct {
	optional bool
	wait     time.Duration
	first    atomic.Int64 // when the first client span came, in Unix nanoseconds; 0 until then
	full     atomic.Bool  // as much waits, or has waited, as may while pending
	observed atomic.Bool
}

// pendingShare is the part of the budget for what waits while presence is pending: 1/16.
const pendingShare = 16

// pending reports whether no target was observed yet, of a join whose targets are optional.
func (p *presence) pending() bool { return p.optional && !p.observed.Load() }

// Expects reports whether targets are to send their telemetry: they must, or one has.
func (h *Hub) Expects() bool { return !h.presence.pending() }

// Observed lists the signals of targets that were received.
type Observed struct{ Spans, Samples, Lines bool }

// Observed returns the signals received until now.
func (h *Hub) Observed() Observed {
	h.targets.mu.Lock()
	defer h.targets.mu.Unlock()
	return Observed{Spans: h.presence.observed.Load(), Samples: h.targets.window.SentBy(h.targets.generator), Lines: len(h.targets.logging) > 0}
}

// timedOut reports whether client spans need no longer wait for a target.
func (p *presence) timedOut(now time.Time) bool {
	if !p.pending() {
		return false
	}
	first := p.first.Load()
	return first != 0 && now.Sub(time.Unix(0, first)) > p.wait
}

// note records a payload: client spans that wait, and server spans.
func (p *presence) note(now time.Time, in *intake) {
	if p.observed.Load() {
		return
	}
	if in.held > 0 {
		p.first.CompareAndSwap(0, now.UnixNano())
	}
	for i := range in.inputs {
		p.observe(in.o, in.inputs[i].Servers)
	}
}

// observe records server spans of the requests that count; those of other runs, or of
// none, do not.
func (p *presence) observe(o *Options, servers []join.Server) {
	if !p.observed.Load() && slices.ContainsFunc(servers, func(v join.Server) bool { return o.Own == nil || o.Own(v.Trace) }) {
		p.observed.Store(true)
	}
}
