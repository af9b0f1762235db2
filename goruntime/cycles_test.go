package goruntime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	rtrace "runtime/trace"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/exp/trace"
)

// The execution trace has the truth: when the first pause of a cycle began. (It
// says that the mark phase begins some milliseconds before that on a busy
// machine, when the runtime gets its workers ready.)
func TestCycleBoundsHoldAgainstTheExecutionTrace(t *testing.T) {
	var recorded bytes.Buffer
	require.NoError(t, rtrace.Start(&recorded))
	cycles := cyclesUnderLoad(30)
	rtrace.Stop()
	truth := tracedCycles(t, &recorded)
	var checked int
	var widths []time.Duration
	for _, c := range cycles[2:] {
		i := slices.IndexFunc(truth, func(p traced) bool { return p.end.Sub(c.End).Abs() < time.Millisecond })
		if i < 0 {
			continue
		}
		checked++
		widths = append(widths, c.Latest.Sub(c.Earliest))
		early, late := truth[i].begin, truth[i].paused
		assert.False(t, late.Before(c.Earliest.Add(-clockError)), "cycle %d began %v before the earliest begin", c.Number, c.Earliest.Sub(late))
		assert.False(t, early.After(c.Latest.Add(clockError)), "cycle %d began %v after the latest begin", c.Number, early.Sub(c.Latest))
	}
	require.Greater(t, checked, 20)
	slices.Sort(widths)
	t.Logf("%d cycles; the begin is known within %v in the median, %v at most", checked, widths[len(widths)/2], widths[len(widths)-1])
}

// clockError is for the trace's clock, which is set against the wall once.
const clockError = 200 * time.Microsecond

// traced is a cycle in the execution trace: its first pause, which it calls sweep
// termination, and the end of its mark phase. The pause is traced before it
// begins; a busy machine may let a millisecond pass between the two.
type traced struct{ begin, paused, end time.Time }

func cyclesUnderLoad(n int) (cycles []Cycle) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { allocate(ctx) })
	newWatcher().watch(ctx, cycleLook, func(c Cycle) {
		if cycles = append(cycles, c); len(cycles) == n {
			cancel()
		}
	})
	cancel()
	wg.Wait()
	return cycles
}

// allocate keeps a heap that takes milliseconds to mark, and fills it up.
func allocate(ctx context.Context) {
	type node struct {
		next *node
		_    [6]int
	}
	var list *node
	for range 200_000 {
		list = &node{next: list}
	}
	for ctx.Err() == nil {
		for size := range 1000 { // a size that varies goes to the heap
			runtime.KeepAlive(make([]byte, size))
		}
	}
	runtime.KeepAlive(list)
}

func tracedCycles(t *testing.T, recorded io.Reader) (cycles []traced) {
	reader, err := trace.NewReader(recorded)
	require.NoError(t, err)
	var clock *trace.ClockSnapshot
	wall := func(at trace.Time) time.Time { return clock.Wall.Add(time.Duration(at - clock.Trace)) }
	var open, paused trace.Time
	for {
		e, err := reader.ReadEvent()
		if errors.Is(err, io.EOF) {
			return cycles
		}
		require.NoError(t, err)
		switch {
		case e.Kind() == trace.EventSync && e.Sync().ClockSnapshot != nil:
			clock = e.Sync().ClockSnapshot
		case e.Kind() == trace.EventRangeBegin && e.Range().Name == "stop-the-world (GC sweep termination)":
			open = e.Time()
		case e.Kind() == trace.EventRangeEnd && e.Range().Name == "stop-the-world (GC sweep termination)":
			paused = e.Time()
		case e.Kind() == trace.EventRangeEnd && e.Range().Name == "GC concurrent mark phase":
			cycles = append(cycles, traced{wall(open), wall(paused), wall(e.Time())})
		}
	}
}

// BenchmarkWatch is the processor time of watching for GC cycles for a second,
// in a process that does nothing else.
func BenchmarkWatch(b *testing.B) {
	if testing.Short() {
		b.Skip("takes seconds")
	}
	before := taken(b)
	for range b.N {
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		newWatcher().watch(ctx, cycleLook, func(Cycle) {})
		cancel()
	}
	b.ReportMetric(float64(taken(b)-before)/float64(b.N)/1e9*100, "%core")
}

// taken is the processor time of this process.
func taken(b *testing.B) time.Duration {
	user, system, ok := cpuTime()
	if !ok {
		b.Skip("this system does not tell the processor time of a process")
	}
	return user + system
}

func BenchmarkLook(b *testing.B) {
	w := newWatcher()
	for b.Loop() {
		w.look()
	}
}
