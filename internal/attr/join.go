package attr

// Of a joined client span. Durations are seconds.
const (
	JoinStatus   = "join.status"   // complete, partial or none
	JoinMissing  = "join.missing"  // what is missing and why, a list
	JoinReleased = "join.released" // why it left: waited, budget, trace_too_large or shutdown

	JoinResponseTime = "join.response_time" // what the ledger adds up to
	JoinLedger       = "join.ledger."       // + component
	JoinUnexplained  = "join.unexplained"   // the remainder that no component of the ledger accounts for

	JoinServerService    = "join.server.service"
	JoinServerNamespace  = "join.server.namespace" // service.namespace, if the server has one
	JoinServerInstance   = "join.server.instance.id"
	JoinServerRoute      = "join.server.route"
	JoinServerSpan       = "join.server.span.id"
	JoinServerDuration   = "join.server.duration"
	JoinServerSpans      = "join.server.spans"      // direct children, if several
	JoinServerResolution = "join.server.resolution" // child or trace
	JoinServerOthers     = "join.server.others"     // services of the trace's other server spans
	JoinServerOthersCut  = "join.server.others_cut" // those not listed

	JoinClockOffset = "join.clock.offset" // server's clock − client's
	JoinClockBound  = "join.clock.bound"  // the true offset is within ± this

	JoinRuntimeResolution   = "join.runtime.resolution" // instance or service
	JoinRuntimeAge          = "join.runtime.age"        // from the oldest sample of a level to the end of the server's work; below 0: taken after it
	JoinRuntimeGoroutines   = "join.runtime.goroutines"
	JoinRuntimeHeap         = "join.runtime.heap"                // By
	JoinRuntimeMemory       = "join.runtime.memory"              // By, all of the runtime's, where no heap is reported
	JoinRuntimeGCGoal       = "join.runtime.gc.goal"             // By
	JoinRuntimeProcessors   = "join.runtime.gomaxprocs"          //
	JoinRuntimeScheduleP99  = "join.runtime.schedule.p99"        // scheduler latency between two samples
	JoinRuntimeEventLoopP99 = "join.runtime.eventloop.delay.p99" // of Node.js
	JoinRuntimeGCCycles     = "join.runtime.gc.cycles"           // within the window
	JoinRuntimeGCPause      = "join.runtime.gc.pause"            // within the window
	JoinRuntimeAllocated    = "join.runtime.allocated"           // By, within the window
	JoinRuntimeCPU          = "join.runtime.cpu"                 // processors busy, mean of the window
	JoinRuntimeWindow       = "join.runtime.window"              // between the samples before and after the server's work
	JoinRuntimeAgeSuffix    = "_age"                             // of one value, if it is not join.runtime.age

	JoinGCOverlap    = "join.gc.overlap"    // no, possible, yes; absent if unknown
	JoinGCResolution = "join.gc.resolution" // cycles: when each began and ended; samples: that some ended around the work
	JoinGCCycles     = "join.gc.cycles"     // that met the work, or may have
	JoinGCLeast      = "join.gc.time.least" // for which they went on during the work, at least
	JoinGCMost       = "join.gc.time.most"  // and at most
	JoinGCPause      = "join.gc.pause"      // stop-the-world time of these cycles, during the work or not

	JoinLogLines = "join.logs.lines" // found
	JoinLogsCut  = "join.logs.cut"   // those that are not events
	JoinLogsURL  = "join.logs.url"
)

// EventLog is a span event: a line that the request logged.
const (
	EventLog    = "join.log"
	LogSeverity = "join.log.severity"
	LogBody     = "join.log.body"
	LogBodyCut  = "join.log.body_cut"
	LogService  = "join.log.service"
	LogSpan     = "join.log.span.id"
)

// Metrics of the join.
const (
	MetricJoinRequests     = "join.requests"        // sum, {request}: by status and reason of release
	MetricJoinSignals      = "join.signals"         // sum, {request}: by signal and state
	MetricJoinResponseTime = "join.response_time"   // histogram, s: by GC overlap
	MetricJoinLedger       = "join.ledger.duration" // histogram, s: by component
	JoinSignal             = "join.signal"          // server, runtime or logs
	JoinState              = "join.state"           // joined, or what is missing
	JoinLedgerComponent    = "join.ledger.component"
)

// ScopeJoin names the scope of the join's own metrics.
const ScopeJoin = "github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
