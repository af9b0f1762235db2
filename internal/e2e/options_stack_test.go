//go:build stack

package e2e

import (
	"flag"
	"time"
)

// Flags of the tests, after -args.
var (
	rate     = flag.Int("rate", 200, "requests per second")
	duration = flag.Duration("duration", 12*time.Second, "of a run in which nothing stops")
	away     = flag.Duration("away", 8*time.Second, "how long a back end is stopped")
	between  = flag.Duration("between", 4*time.Second, "how long all run before, between and after the stops")
	stopped  = flag.String("stopped", "jaeger,loki,prometheus", "which back ends are stopped, one after another; joined by +, at once")
	config   = flag.String("config", "../../examples/collector/platform.yaml", "of the collector")
	samples  = flag.Int("samples", 30, "requests that are looked for while they arrive")
	alone    = flag.Bool("alone", false, "nothing else runs on the machine: hold the measured times to the goals")
)

// wait of the join in the shipped configuration, and how much later all of a
// request has to be there.
const (
	wait   = 5 * time.Second
	margin = 3 * time.Second
)
