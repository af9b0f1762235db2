package terminal

import (
	"context"
	"io"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// How often Run draws.
const (
	terminalInterval = 200 * time.Millisecond
	plainInterval    = 2 * time.Second
)

// Run shows progress on w until ctx is done: in place on a terminal, which it
// leaves as it found it, or else as a line now and then. next is called for each
// frame, from the goroutine that called Run.
func Run(ctx context.Context, w io.Writer, next func() summary.Snapshot, o Options) {
	if o.Terminal {
		redraw(ctx, w, next, o)
		return
	}
	every(ctx, plainInterval, func() {
		io.WriteString(w, Line(next(), o)+"\n")
	})
}

func redraw(ctx context.Context, w io.Writer, next func() summary.Snapshot, o Options) {
	d := NewDisplay(w)
	every(ctx, terminalInterval, func() {
		s := next()
		o := o.now() // as late as can be: the width may change at any time
		d.Show(Bar(s, o), o.columns())
	})
	d.Close(o.now().columns())
}

// every calls do at each tick until ctx is done.
func every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}
