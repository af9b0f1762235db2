package goruntime

// Scope is the instrumentation scope of all that the package reports.
const Scope = "github.com/loadtrace/loadtrace/goruntime"

// Metrics that the semantic conventions do not have, outside of the namespaces
// (go, container) in which these may yet name others. Their own are those of
// go.opentelemetry.io/otel/semconv/v1.41.0/goconv.
const (
	MetricHeapLive        = "goruntime.memory.heap.live"             // By: marked by the last GC cycle
	MetricHeapObjects     = "goruntime.memory.heap.objects"          // By: live, and dead but not swept yet
	MetricGoroutineState  = "goruntime.goroutine.count"              // {goroutine}, by AttrGoroutineState
	MetricGoroutines      = "goruntime.goroutine.created"            // {goroutine}, counter
	MetricThreads         = "goruntime.thread.count"                 // {thread} that the runtime owns
	MetricMutexWait       = "goruntime.mutex.wait.time"              // s, counter, summed over goroutines
	MetricCgoCalls        = "goruntime.cgo.calls"                    // {call}, counter
	MetricGCStopping      = "goruntime.memory.gc.stopping.duration"  // s, histogram: the part of a GC pause until all have stopped
	MetricPause           = "goruntime.pause.duration"               // s, histogram: pauses for other reasons than GC
	MetricCPULimit        = "goruntime.cgroup.cpu.limit"             // {cpu}; absent without a limit
	MetricCPUPeriods      = "goruntime.cgroup.cpu.periods"           // {period} in which the group ran, counter
	MetricCPUThrottled    = "goruntime.cgroup.cpu.throttled.periods" // {period}, counter
	MetricCPUThrottleTime = "goruntime.cgroup.cpu.throttled.time"    // s, counter
	MetricMemoryLimit     = "goruntime.cgroup.memory.limit"          // By; absent without a limit
	MetricMemoryUsage     = "goruntime.cgroup.memory.usage"          // By
)

// AttrGoroutineState is running, runnable, waiting or not_in_go.
const AttrGoroutineState = "goruntime.goroutine.state"

// EventGCCycle is the name of the log event of each GC cycle. Its timestamp is
// the cycle's end. The times are unix nanoseconds, all durations seconds.
const (
	EventGCCycle = "goruntime.gc.cycle"

	AttrGCNumber        = "goruntime.gc.cycle.number"         // from 1
	AttrGCStartEarliest = "goruntime.gc.cycle.start.earliest" // the cycle did not begin before
	AttrGCStartLatest   = "goruntime.gc.cycle.start.latest"   // nor after
	AttrGCEnd           = "goruntime.gc.cycle.end"            // exact: the world runs again within microseconds
	AttrGCPause         = "goruntime.gc.cycle.pause"          // exact: all stop-the-world time of the cycle
	AttrGCAssist        = "goruntime.gc.cycle.cpu.assist"     // taken from goroutines that allocate
	AttrGCDedicated     = "goruntime.gc.cycle.cpu.dedicated"  // of mark workers, at the cost of the service
	AttrGCIdle          = "goruntime.gc.cycle.cpu.idle"       // of mark workers, of otherwise idle processors
)
