package telemetry

import (
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
)

// faultInterval is the least time between two lines about export faults. With
// the far end dead there are several a second.
const faultInterval = 10 * time.Second

// reportFaults makes the SDK's faults lines of log. The SDK offers no other way
// than this global handler; the process that runs the demo service has no other
// SDK to disturb. log must not export, or each fault would make more to export.
func reportFaults(log *slog.Logger) {
	f := &faults{log: log}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { f.report(time.Now(), err) }))
}

// faults reports the first fault of each interval and counts the others.
type faults struct {
	log *slog.Logger

	mu         sync.Mutex // guards what follows
	last       time.Time
	suppressed int
}

func (f *faults) report(now time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.last.IsZero() && now.Sub(f.last) < faultInterval {
		f.suppressed++
		return
	}
	f.log.Warn("telemetry is not getting out", "error", err, "faults_not_shown", f.suppressed)
	f.last, f.suppressed = now, 0
}
