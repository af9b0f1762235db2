package archive

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Optional is a figure that may be unknown, which in Parquet is NULL. V is 0 unless OK.
type Optional[T any] struct {
	V  T
	OK bool
}

// Known is a figure that is.
func Known[T any](v T) Optional[T] { return Optional[T]{V: v, OK: true} }

// Request is a row of requests.parquet: one planned request, and what the join knows of
// it. Rows are in the order of attack and sequence number.
//
// A column's name is the field's in snake_case, as the constants Column… say. In Parquet
// a time is an integer of Unix nanoseconds, and a duration one of nanoseconds. A zero
// field is NULL there, but for numbers that count from 0 and for booleans.
type Request struct {
	Run loadgen.RunID // of the run, not a column

	// AttackIndex is the index into the plan's attacks, Attack the name.
	AttackIndex int
	Attack      string
	StageIndex  int // within the attack
	// Seq is the number of the request within the attack, from 0. With the run and the
	// attack it gives TraceID and SpanID.
	Seq uint64
	// Sampled reports whether the request has a span, as the plan's sampling wants it.
	Sampled bool
	// Open reports whether the request belongs to an open-loop stage.
	Open bool

	// Intended is when the schedule wanted the request sent, in Unix nanoseconds; in a
	// closed-loop stage it equals Sent. It is of the run's clock, which no step of the
	// system's clock changes. It is 0 where it is not known, of a run of another tool.
	Intended int64
	// Sent is when the engine began the request, of the same clock; 0 if it was not sent.
	Sent int64
	// ServiceTime is done − sent and ResponseTime done − intended. Both are 0 if the
	// request was not sent, and ResponseTime if Intended is.
	ServiceTime  time.Duration
	ResponseTime time.Duration

	Result
	Wire
	Phases
	Stream
	Joined
}

// Result is how a request ended.
type Result struct {
	Outcome       loadgen.Outcome
	ErrorType     string // loadgen.ErrorKind, an HTTP status of 400 or more, or the name of a gRPC code but OK; empty if there was no error
	ErrorMessage  string // of a failed request, in words
	NotSentReason loadgen.NotSentReason
	// Status is the HTTP status code, or the gRPC code if RPC; 0 without a response. Of a
	// gRPC request 0 is also OK: StatusName tells.
	Status     int
	StatusName string // digits of an HTTP status, name of a gRPC code; empty without a response
	Excerpt    string // the beginning of what a bad answer says, of one of each status
}

// Wire is what was asked, and over which connection.
type Wire struct {
	RPC             bool   // a gRPC call
	Method          string // of HTTP; of gRPC package.Service/Method
	URL             string // without secrets
	ServerAddress   string
	ServerPort      int
	ProtocolVersion string // 1.0, 1.1, 2; empty if unknown, and of gRPC
	Redirects       int    // hops followed
	Reused          bool   // the (last) connection had been used before
	Dialed          int    // connections opened for the request
	Resent          int    // times that gRPC sent the call again by itself
	BytesSent       int64  // of the request body
	BytesReceived   int64  // of the response body
	LocalAddress    string
	LocalPort       int
	PeerAddress     string
	PeerPort        int
}

// Phases are the parts of the service time, each 0 where it did not occur.
type Phases struct {
	Connection time.Duration // waiting for a connection, without the three that follow
	DNS        time.Duration
	Connect    time.Duration
	TLS        time.Duration
	Write      time.Duration
	Wait       time.Duration // from the request written to the first byte of the response
	Read       time.Duration
}

// Stream is what a streaming gRPC call sent and received.
type Stream struct {
	Streamed         bool // the call was one
	MessagesSent     int
	MessagesReceived int
	FirstMessage     time.Duration   // from sent to the first message received; 0 if none came
	Gaps             []time.Duration // between messages received, at most loadgen.MaxGaps
	GapsCut          int             // those that are missing
}

// Joined is what the join knows of a request. JoinStatus is empty, and all else with it,
// if nothing of the request was joined: it was not sent, had no span, or its span was
// dropped.
type Joined struct {
	JoinStatus   string // complete, partial or none
	JoinMissing  string // what is missing and why, separated by commas, as in the attribute join.missing
	JoinReleased string // why the request left the join: waited, budget, trace_too_large or shutdown

	Server
	Ledger
	GC
	Runtime

	LogLines int // lines of the request's log that were found
	LogsCut  int // of those, lines that are not in logs.parquet
}

// Server is the span of the service that answered.
type Server struct {
	ServerService   string // empty if there is no server span
	ServerNamespace string
	ServerInstance  string
	ServerRoute     string
	// ServerSpanID is hexadecimal. It is empty where the span is the only child of the
	// client span, and so is known from the trace.
	ServerSpanID     string
	ServerResolution string // child or trace; empty if there is no server span
	ServerDuration   Optional[time.Duration]
	ServerSpans      int // direct children of the client span; 0 if there is no server span

	ClockOffset Optional[time.Duration] // the server's clock − the client's
	ClockBound  Optional[time.Duration] // the true offset is within ± this
}

// Ledger is the components of the response time that are not phases. All ten are in
// Request.Components.
type Ledger struct {
	LedgerNetwork     Optional[time.Duration]
	LedgerServer      Optional[time.Duration]
	LedgerRead        Optional[time.Duration]
	LedgerUnexplained Optional[time.Duration]
}

// GC is the garbage collection of the instance that answered, during its work.
type GC struct {
	GCOverlap    string // no, possible or yes; empty if unknown
	GCResolution string // cycles or samples
	GCCycles     Optional[int]
	GCTimeLeast  Optional[time.Duration]
	GCTimeMost   Optional[time.Duration]
	GCPause      Optional[time.Duration]
}

// Runtime is the runtime of the instance that answered, around its work.
type Runtime struct {
	RuntimeResolution        string                  // instance or service; empty if unknown
	RuntimeAge               Optional[time.Duration] // of the oldest level
	RuntimeGoroutines        Optional[int64]
	RuntimeHeap              Optional[int64] // bytes
	RuntimeMemory            Optional[int64] // bytes
	RuntimeGCGoal            Optional[int64] // bytes
	RuntimeGOMAXPROCS        Optional[int64]
	RuntimeScheduleP99       Optional[time.Duration]
	RuntimeEventLoopDelayP99 Optional[time.Duration]
	// RuntimeWindow is the time between the samples before and after the work; the
	// figures below are of it.
	RuntimeWindow    Optional[time.Duration]
	RuntimeGCCycles  Optional[int64]
	RuntimeGCPause   Optional[time.Duration]
	RuntimeAllocated Optional[int64]   // bytes
	RuntimeCPU       Optional[float64] // processors busy, mean
}

// TraceID of the request. It is no column: it follows from the run, the attack and the
// sequence number.
func (r *Request) TraceID() loadgen.TraceID { return r.Run.TraceID(r.AttackIndex, r.Seq) }

// SpanID of the client span.
func (r *Request) SpanID() loadgen.SpanID { return r.Run.SpanID(r.AttackIndex, r.Seq) }

// IntendedTime is Intended as a time; the zero time if it is not known.
func (r *Request) IntendedTime() time.Time { return moment(r.Intended) }

// SentTime is Sent as a time; the zero time if the request was not sent.
func (r *Request) SentTime() time.Time { return moment(r.Sent) }

// Done is when the request ended, in Unix nanoseconds of the run's clock; 0 if it was not
// sent.
func (r *Request) Done() int64 {
	if r.Sent == 0 {
		return 0
	}
	return r.Sent + int64(r.ServiceTime)
}

// ScheduleLag is sent − intended; 0 if the request was not sent, or that is not known.
func (r *Request) ScheduleLag() time.Duration {
	if r.Intended == 0 {
		return 0
	}
	return r.ResponseTime - r.ServiceTime
}

// OK reports whether the request got a good response, as loadgen.Record.OK does.
func (r *Request) OK() bool {
	if r.RPC {
		return r.Outcome == loadgen.Finished && r.Status == 0
	}
	return r.Outcome == loadgen.Finished && r.Status < 400
}

// Component is one of the ledger.
type Component struct {
	Name string // as in the attribute join.ledger.NAME
	Took time.Duration
}

// Components are the ledger of the request in the order in which they happen. They sum
// to the response time. It is empty if nothing was joined.
func (r *Request) Components() []Component {
	if !r.LedgerUnexplained.OK {
		return nil
	}
	return []Component{
		{"schedule_lag", r.ScheduleLag()},
		{"connection", r.Connection},
		{"dns", r.DNS},
		{"connect", r.Connect},
		{"tls", r.TLS},
		{"write", r.Write},
		{"network", r.LedgerNetwork.V},
		{"server", r.LedgerServer.V},
		{"read", r.LedgerRead.V},
		{"unexplained", r.LedgerUnexplained.V},
	}
}

// moment is a column of a time; 0 is none.
func moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
