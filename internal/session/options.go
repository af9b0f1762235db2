package session

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/otelcol"

	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
)

// Options configure a run and its collector.
type Options struct {
	// Collector are the settings of the collector, such as distribution.Settings makes.
	Collector otelcol.CollectorSettings
	// Configs are collector configurations, as URIs, instead of the built-in one. Their
	// loadgen receiver gets the plan.
	Configs []string
	// Pipelines are what the built-in configuration is made of.
	Pipelines

	// Plan is run as it is: checked, with its defaults, as planfile returns it. It
	// must not change.
	Plan    *loadgen.Plan
	RunID   loadgen.RunID // zero: one is drawn
	StartAt time.Time     // zero: as soon as the collector is ready
	// Watched, if set, reports whether the whole run is watched elsewhere, so that the
	// thresholds of this shard do not end it.
	Watched func() bool
	// Flush is how long to go on delivering telemetry after the last request.
	Flush time.Duration

	// Traces takes the traces of the slowest requests, and is read after the run; nil for
	// none.
	Traces *tracestore.Store
	// Record, if set, is called with every record, by many goroutines at once. It must not
	// block.
	Record loadgen.Sink
	// MeasureUse has the summary say what used this machine meanwhile.
	MeasureUse bool
	// BeforeShutdown, if set, is called when the run is over and the collector is not, also
	// if the run never began. It is for what sends its last telemetry when it is stopped:
	// the run then does not wait for that telemetry before.
	BeforeShutdown func()
	// Note, if set, is told a line beside the run.
	Note func(line string)
}

func (o *Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

func (o *Options) beforeShutdown() {
	if o.BeforeShutdown != nil {
		o.BeforeShutdown()
	}
}
