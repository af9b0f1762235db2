package grpcengine

import (
	"context"
	"time"

	"github.com/bojand/ghz/load"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// sweep is how often the gate, while it waits for a worker, looks for calls that
// ended without a word from gRPC.
const sweep = 50 * time.Millisecond

// gate stands between our pacer and ghz's workers: it asks for a request only when a
// worker is free, adds workers while none is, and holds ghz at the end until all
// calls have ended or the time has come to cut them off. It is both ghz's pacer
// and its worker ticker, and but for release it is ghz's pacing goroutine's.
type gate struct {
	pacer  *pace.Pacer
	grown  chan load.TickValue // tells ghz of workers to add
	free   chan struct{}       // a token for each worker without a call
	total  int                 // workers so far
	begin  int                 // workers to begin with
	stop   context.Context     // when done, no further call is made
	cut    context.Context     // when done, calls under way are cut off
	expire func()              // ends calls whose time was over a while ago
	close  func()              // cuts calls off
	shut   func()              // tells connections that nothing follows
	hangUp func()              // closes the channels
	broken func() bool         // whether the run cannot go on
}

// release records that a call has ended.
func (g *gate) release() { g.free <- struct{}{} }

// Pace implements load.Pacer.
func (g *gate) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	held := g.reserve()
	if !held {
		// The pacer's context and ours end one after the other: it must not give a request
		// for which there is no worker.
		g.pacer.Stop()
	}
	if !g.broken() {
		if _, stop := g.pacer.Pace(elapsed, hits); !stop {
			return 0, false
		}
	}
	if held {
		g.release()
	}
	g.drain()
	g.settle()
	return 0, true
}

// settle waits until ghz has made the workers that it was told to make.
//
// Subtle: ghz waits at its end for as many workers as it has made by then, and
// those that it makes afterwards are left behind. It takes this only when it has
// made the others.
func (g *gate) settle() { g.grown <- load.TickValue{} }

// Rate implements load.Pacer.
func (g *gate) Rate(elapsed time.Duration) float64 { return g.pacer.Rate(elapsed) }

// reserve takes a worker, or reports false when the run was stopped first.
func (g *gate) reserve() bool {
	select {
	case <-g.free:
		return true
	default:
	}
	if more := min(max(g.begin-g.total, 1), cap(g.free)-g.total); more > 0 {
		g.grow(more)
	}
	return g.await(g.stop)
}

func (g *gate) grow(n int) {
	g.grown <- load.TickValue{Delta: n}
	g.total += n
	for range n {
		g.release()
	}
}

// await takes a free worker's token, unless until is done first.
func (g *gate) await(until context.Context) bool {
	timer := time.NewTimer(sweep)
	defer timer.Stop()
	for {
		select {
		case <-g.free:
			return true
		case <-until.Done():
			return false
		case <-timer.C:
			g.expire()
			timer.Reset(sweep)
		}
	}
}

// drain waits until no call is under way, and cuts off those that still are when
// their grace is over. Then it closes the channels.
//
// Subtle: ghz closes channels at its end too, and waits for each to have closed. If that
// happens between two of its looks at the state, it waits for ten seconds. A channel that
// is closed before it looks keeps it no time.
func (g *gate) drain() {
	cut := false
	for n := 0; n < g.total && !cut; n++ {
		cut = !g.await(g.cut)
	}
	g.shut()
	g.hangUp()
	if cut {
		g.close()
	}
}

// Ticker implements load.WorkerTicker.
func (g *gate) Ticker() <-chan load.TickValue { return g.grown }

// Run implements load.WorkerTicker. Workers are added by Pace alone.
func (g *gate) Run() {}

// Finish implements load.WorkerTicker.
func (g *gate) Finish() { close(g.grown) }
