package goruntime

// Scope is the instrumentation scope of all that the package reports.
const Scope = "github.com/loadtrace/loadtrace/goruntime"

// Metrics that the semantic conventions do not have. Their own are those of
// go.opentelemetry.io/otel/semconv/v1.41.0/goconv.
const (
	MetricHeapLive        = "go.memory.heap.live"            // By: marked by the last GC cycle
	MetricHeapObjects     = "go.memory.heap.objects"         // By: live, and dead but not swept yet
	MetricGoroutineState  = "go.goroutine.state.count"       // {goroutine}, by AttrGoroutineState
	MetricGoroutines      = "go.goroutine.created"           // {goroutine}, counter
	MetricThreads         = "go.thread.count"                // {thread} that the runtime owns
	MetricMutexWait       = "go.mutex.wait.time"             // s, counter, summed over goroutines
	MetricCgoCalls        = "go.cgo.calls"                   // {call}, counter
	MetricGCStopping      = "go.memory.gc.stopping.duration" // s, histogram: the part of a GC pause until all have stopped
	MetricPause           = "go.pause.duration"              // s, histogram: pauses for other reasons than GC
	MetricCPULimit        = "cgroup.cpu.limit"               // {cpu}; absent without a limit
	MetricCPUPeriods      = "cgroup.cpu.periods"             // {period} in which the group ran, counter
	MetricCPUThrottled    = "cgroup.cpu.throttled.periods"   // {period}, counter
	MetricCPUThrottleTime = "cgroup.cpu.throttled.time"      // s, counter
	MetricMemoryLimit     = "cgroup.memory.limit"            // By; absent without a limit
	MetricMemoryUsage     = "cgroup.memory.usage"            // By
)

// AttrGoroutineState is running, runnable, waiting or not_in_go.
const AttrGoroutineState = "go.goroutine.state"

// EventGCCycle is the name of the log event of each GC cycle. Its timestamp is
// the cycle's end. The times are unix nanoseconds, all durations seconds.
const (
	EventGCCycle = "go.gc.cycle"

	AttrGCNumber        = "go.gc.cycle.number"         // from 1
	AttrGCStartEarliest = "go.gc.cycle.start.earliest" // the cycle did not begin before
	AttrGCStartLatest   = "go.gc.cycle.start.latest"   // nor after
	AttrGCEnd           = "go.gc.cycle.end"            // exact: the world runs again within microseconds
	AttrGCPause         = "go.gc.cycle.pause"          // exact: all stop-the-world time of the cycle
	AttrGCAssist        = "go.gc.cycle.cpu.assist"     // taken from goroutines that allocate
	AttrGCDedicated     = "go.gc.cycle.cpu.dedicated"  // of mark workers, at the cost of the service
	AttrGCIdle          = "go.gc.cycle.cpu.idle"       // of mark workers, of otherwise idle processors
)
