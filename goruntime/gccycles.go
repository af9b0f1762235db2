package goruntime

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"go.opentelemetry.io/otel/log"

	"github.com/loadtrace/loadtrace/goruntime/internal/gccycle"
)

// Cycle is one garbage collection; see AttrGCNumber and the names after it.
type Cycle struct {
	gccycle.Cycle
	// Processor time of the mark phase.
	Assist, Dedicated, Idle time.Duration
}

// watch calls report with each GC cycle, soon after it ended, until ctx ends. It
// looks at the runtime's counters when a cycle ends, and so often as fine while
// one may begin.
func (w *watcher) watch(ctx context.Context, fine time.Duration, report func(Cycle)) {
	bell := newBell()
	defer bell.silence()
	timer := time.NewTimer(fine)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-bell.rings: // late, when the runtime is busy with other finalizers
		}
		l := w.look()
		if l.Cycles > w.reported {
			w.catchUp(l, report)
		} else {
			w.tracker.Look(l)
		}
		timer.Reset(w.pause(fine))
	}
}

// The counters of a look, and after them those that are read at a cycle's end.
const (
	atStops = iota
	atCycles
	atLive
	atGoal
	atInUse
	atAssist
	atDedicated
	atIdle
)

// watcher reads the runtime for a tracker.
type watcher struct {
	tracker  gccycle.Tracker
	samples  []metrics.Sample
	heap     gccycle.Heap
	reported uint64 // cycles reported, or over before the watch began
	stats    debug.GCStats
	spent    [3]float64
}

// newWatcher watches from now on: what ends before is not reported.
func newWatcher() *watcher {
	w := &watcher{samples: []metrics.Sample{
		atStops:     {Name: "/sched/pauses/stopping/gc:seconds"},
		atCycles:    {Name: "/gc/cycles/total:gc-cycles"},
		atLive:      {Name: "/gc/heap/live:bytes"},
		atGoal:      {Name: "/gc/heap/goal:bytes"},
		atInUse:     {Name: "/memory/classes/heap/objects:bytes"},
		atAssist:    {Name: "/cpu/classes/gc/mark/assist:cpu-seconds"},
		atDedicated: {Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
		atIdle:      {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
	}}
	debug.ReadGCStats(&w.stats)
	w.reported = uint64(w.stats.NumGC)
	metrics.Read(w.samples)
	w.cpu()
	w.tracker.Look(w.look())
	return w
}

// look reads the number of cycles before and after that of pauses: the runtime reads
// one after the other.
func (w *watcher) look() gccycle.Look {
	l := gccycle.Look{Before: time.Now()}
	metrics.Read(w.samples[atCycles : atCycles+1])
	before := w.samples[atCycles].Value.Uint64()
	metrics.Read(w.samples[:atAssist])
	l.After = time.Now()
	for _, n := range w.samples[atStops].Value.Float64Histogram().Counts {
		l.Stops += n
	}
	l.Cycles = w.samples[atCycles].Value.Uint64()
	l.Torn = l.Cycles != before
	return l
}

// pause is the time until the next look.
func (w *watcher) pause(fine time.Duration) time.Duration {
	now := gccycle.Heap{
		At:    time.Now(),
		Live:  w.samples[atLive].Value.Uint64(),
		Goal:  w.samples[atGoal].Value.Uint64(),
		InUse: w.samples[atInUse].Value.Uint64(),
	}
	defer func() { w.heap = now }()
	return gccycle.Pace(w.heap, now, fine)
}

// catchUp reports the cycles that have ended as of l, or since. The runtime remembers 256.
func (w *watcher) catchUp(l gccycle.Look, report func(Cycle)) {
	metrics.Read(w.samples[atAssist:])
	spent := w.cpu()
	debug.ReadGCStats(&w.stats)
	fresh := min(uint64(w.stats.NumGC)-w.reported, uint64(len(w.stats.PauseEnd)))
	ends := make([]gccycle.End, 0, fresh)
	for i := int(fresh) - 1; i >= 0; i-- {
		ends = append(ends, gccycle.End{
			Number: uint64(w.stats.NumGC) - uint64(i), At: w.stats.PauseEnd[i], Pause: w.stats.Pause[i],
		})
	}
	w.reported = uint64(w.stats.NumGC)
	for _, c := range w.tracker.Ended(ends, l) {
		share := time.Duration(len(ends)) // of several, each gets the same
		report(Cycle{Cycle: c, Assist: spent[0] / share, Dedicated: spent[1] / share, Idle: spent[2] / share})
	}
}

// cpu is the processor time of the mark phases since the last call.
func (w *watcher) cpu() (spent [3]time.Duration) {
	for i := range spent {
		now := w.samples[atAssist+i].Value.Float64()
		spent[i] = time.Duration((now - w.spent[i]) * float64(time.Second))
		w.spent[i] = now
	}
	return spent
}

// bell rings after each GC cycle: an object that nothing refers to is found dead
// in every cycle, and its finalizer makes the next.
type bell struct {
	rings chan struct{}
	quiet chan struct{}
}

// clapper is large enough, and has a pointer, so that it shares its block of
// memory with no other object that keeps it from being finalized.
type clapper struct{ of *bell }

func newBell() *bell {
	b := &bell{rings: make(chan struct{}, 1), quiet: make(chan struct{})}
	b.hang()
	return b
}

func (b *bell) hang() { runtime.SetFinalizer(&clapper{b}, (*clapper).fall) }

func (c *clapper) fall() {
	select {
	case <-c.of.quiet:
		return
	case c.of.rings <- struct{}{}:
	default: // it has not been heard yet
	}
	c.of.hang()
}

func (b *bell) silence() { close(b.quiet) }

// logCycle makes the event of a cycle.
func logCycle(ctx context.Context, logger log.Logger, c Cycle) {
	var r log.Record
	r.SetEventName(EventGCCycle)
	r.SetTimestamp(c.End)
	r.SetObservedTimestamp(c.End)
	r.SetSeverity(log.SeverityInfo)
	r.SetBody(log.StringValue("garbage collection"))
	r.AddAttributes(
		log.Int64(AttrGCNumber, int64(c.Number)),
		log.Int64(AttrGCStartEarliest, c.Earliest.UnixNano()),
		log.Int64(AttrGCStartLatest, c.Latest.UnixNano()),
		log.Int64(AttrGCEnd, c.End.UnixNano()),
		log.Float64(AttrGCPause, c.Pause.Seconds()),
		log.Float64(AttrGCAssist, c.Assist.Seconds()),
		log.Float64(AttrGCDedicated, c.Dedicated.Seconds()),
		log.Float64(AttrGCIdle, c.Idle.Seconds()),
	)
	logger.Emit(ctx, r)
}
