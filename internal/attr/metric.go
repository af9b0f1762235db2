package attr

// Metrics of a run.
const (
	MetricClientDuration  = "http.client.request.duration" // histogram, s: service time
	MetricCallDuration    = "rpc.client.call.duration"     // histogram, s: service time; as the names of RPC attributes, not stable yet
	MetricResponseTime    = "loadgen.response_time"        // histogram, s
	MetricScheduleLag     = "loadgen.schedule_lag"         // histogram, s; open loop only
	MetricPhaseDuration   = "loadgen.phase.duration"       // histogram, s
	MetricFirstMessage    = "loadgen.stream.first_message" // histogram, s
	MetricMessageGap      = "loadgen.stream.message_gap"   // histogram, s
	MetricMessages        = "loadgen.stream.messages"      // sum, {message}
	MetricRequests        = "loadgen.requests"             // sum, {request}
	MetricPlanned         = "loadgen.requests_planned"     // sum, {request}
	MetricInFlight        = "loadgen.requests_in_flight"   // gauge, {request}
	MetricConnections     = "loadgen.connections"          // sum, {connection}
	MetricIO              = "loadgen.io"                   // sum, By
	MetricRateWanted      = "loadgen.rate.wanted"          // gauge, {request}/s
	MetricRateAchieved    = "loadgen.rate.achieved"        // gauge, {request}/s
	MetricSpans           = "loadgen.spans"                // sum, {span}
	MetricSpansPerRequest = "loadgen.spans_per_request"    // gauge, {span}/{request}
)

// Events of a run, names of log records.
const (
	EventRunStart    = "loadgen.run.start"
	EventAttackStart = "loadgen.attack.start"
	EventStageStart  = "loadgen.stage.start"
	EventAttackSpeed = "loadgen.attack.speed"
	EventAttackStop  = "loadgen.attack.stop"
	EventRunStop     = "loadgen.run.stop"
)
