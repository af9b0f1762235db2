package attr

// ServiceLoadtrace is the service.name of what loadtrace says of itself.
const ServiceLoadtrace = "loadtrace"

// SpanRun is the name of a run's own span.
const SpanRun = "loadgen.run"

// Of a run, its attacks and their stages.
const (
	RunID      = "loadgen.run.id"
	RunEnd     = "loadgen.run.end"         // completed, stopped or failed
	RunStop    = "loadgen.run.stop_reason" // why it was stopped, if it was
	RunAttacks = "loadgen.run.attacks"     // the names of its attacks
	ShardIndex = "loadgen.shard.index"     // of a resource: the shard of the plan, from 0; absent if there is one
	ShardCount = "loadgen.shard.count"     // of a resource: the number of shards
	PlanName   = "loadgen.plan.name"
	Plan       = "loadgen.plan.yaml" // the plan as YAML
	AttackName = "loadgen.attack.name"
	Speed      = "loadgen.speed"       // times the plan's rate; 0 is a pause
	StageIndex = "loadgen.stage.index" // within the attack, from 0
	StageName  = "loadgen.stage.name"
	Summary    = "loadgen.summary" // of the run, as JSON
	// Environment of the generator, as JSON; EnvFingerprint is beside it.
	Environment = "loadgen.environment"
)

// Counts of a run, on its span and its last event.
const (
	RunPlanned  = "loadgen.run.requests.planned"
	RunFinished = "loadgen.run.requests.finished"
	RunFailed   = "loadgen.run.requests.failed"
	RunNotSent  = "loadgen.run.requests.not_sent"
)

// The verdict on a run, on its span and its last event.
const (
	RunVerdict  = "loadgen.run.verdict"                   // pass, fail or undecided; sound if there are no thresholds
	RunReasons  = "loadgen.run.verdict_reasons"           // sentences: why it is undecided
	RunBreached = "loadgen.run.thresholds.breached"       // how many thresholds were breached
	RunCrossed  = "loadgen.run.thresholds.breached_names" // those thresholds, in words
)

// Of one request. Times and durations are seconds unless the name says more.
const (
	Seq          = "loadgen.seq"           // number of the request within its attack, from 0
	Intended     = "loadgen.intended"      // when the schedule wanted it sent, unix nanoseconds; open loop only
	ScheduleLag  = "loadgen.schedule_lag"  // sent − intended; open loop only
	ResponseTime = "loadgen.response_time" // done − intended

	PhaseConnection = "loadgen.phase.connection"
	PhaseDNS        = "loadgen.phase.dns"
	PhaseConnect    = "loadgen.phase.connect"
	PhaseTLS        = "loadgen.phase.tls"
	PhaseWrite      = "loadgen.phase.write"
	PhaseWait       = "loadgen.phase.wait"
	PhaseRead       = "loadgen.phase.read"

	ConnectionReused = "loadgen.connection.reused"
	Redirects        = "loadgen.redirects" // hops followed
	Resent           = "loadgen.resent"    // times that gRPC sent the call again by itself
)

// Of a call that streams.
const (
	StreamSent     = "loadgen.stream.messages_sent"
	StreamReceived = "loadgen.stream.messages_received"
	StreamFirst    = "loadgen.stream.first_message" // from sent to the first message received

	EventMessage  = "loadgen.stream.message"        // a span event: a message was received
	MessageNumber = "loadgen.stream.message.number" // from 1
)

// Of metrics.
const (
	Outcome         = "loadgen.outcome"          // finished, failed or not_sent
	NotSentReason   = "loadgen.not_sent.reason"  // stopped, late or error
	Phase           = "loadgen.phase.name"       // connection, dns, connect, tls, write, wait or read
	ConnectionState = "loadgen.connection.state" // new or reused
	SpanState       = "loadgen.span.state"       // made, delivered or dropped
)
