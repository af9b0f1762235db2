package hub

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// silence lasts until a first server span comes, in a trace of Options.Own where there is
// one. A join that need not have targets lets client spans through as they are when it
// has lasted for one wait: then nobody has anything to tell of them, and to mark each as
// without a server span would say more than is known.
type silence struct {
	optional bool
	wait     time.Duration
	first    atomic.Int64 // when the first client span came, in Unix nanoseconds; 0 until then
	full     atomic.Bool  // as much waits, or has waited, as may for a first word
	heard    atomic.Bool
}

// silentRoom is the part of the budget for what waits for a first word: 1/16.
const silentRoom = 16

// lasts reports whether nothing has come of any target yet, of a join to which that
// may happen.
func (s *silence) lasts() bool { return s.optional && !s.heard.Load() }

// Expects reports whether targets are to send their telemetry: they must, or one has.
func (h *Hub) Expects() bool { return !h.silence.lasts() }

// Came is which signals of targets have come.
type Came struct{ Spans, Samples, Lines bool }

// Came until now.
func (h *Hub) Came() Came {
	h.targets.mu.Lock()
	defer h.targets.mu.Unlock()
	return Came{Spans: h.silence.heard.Load(), Samples: h.targets.window.SentBy(h.targets.generator), Lines: len(h.targets.wrote) > 0}
}

// over reports whether client spans need not wait any more for a first word.
func (s *silence) over(now time.Time) bool {
	if !s.lasts() {
		return false
	}
	first := s.first.Load()
	return first != 0 && now.Sub(time.Unix(0, first)) > s.wait
}

// note what came with a payload: client spans that wait, and server spans.
func (s *silence) note(now time.Time, in *intake) {
	if s.heard.Load() {
		return
	}
	if in.held > 0 {
		s.first.CompareAndSwap(0, now.UnixNano())
	}
	for i := range in.inputs {
		s.hear(in.o, in.inputs[i].Servers)
	}
}

// hear the targets of the requests that count: server spans of other runs, or of none,
// say nothing of them.
func (s *silence) hear(o *Options, servers []join.Server) {
	if !s.heard.Load() && slices.ContainsFunc(servers, func(v join.Server) bool { return o.Own == nil || o.Own(v.Trace) }) {
		s.heard.Store(true)
	}
}
