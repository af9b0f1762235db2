package loadgen

import (
	"net/netip"
	"time"
)

// Outcome is how a planned request ended. Every planned request ends in
// exactly one of the three.
type Outcome uint8

const (
	// Finished: a response was received in full, whatever its status.
	Finished Outcome = iota
	// Failed: the request was, at least in part, attempted on the network and
	// no whole response came back. Record.Error says why.
	Failed
	// NotSent: nothing was attempted on the network. Record.NotSent says why.
	NotSent
)

func (o Outcome) String() string {
	switch o {
	case Finished:
		return "finished"
	case Failed:
		return "failed"
	default:
		return "not_sent"
	}
}

// ErrorKind is the low-cardinality reason of a failed request: the value of
// error.type on spans and metrics. The empty kind means no error.
type ErrorKind string

const (
	ErrorTimeout     ErrorKind = "timeout"        // no whole response within the attack's timeout
	ErrorRefused     ErrorKind = "refused"        // connection refused
	ErrorReset       ErrorKind = "reset"          // connection reset or broken pipe
	ErrorClosed      ErrorKind = "closed"         // the target closed before the response was whole
	ErrorDNS         ErrorKind = "dns"            // the name did not resolve
	ErrorTLS         ErrorKind = "tls"            // handshake or certificate
	ErrorProtocol    ErrorKind = "protocol"       // the response was no valid HTTP or gRPC
	ErrorCancelled   ErrorKind = "cancelled"      // the run was stopped while the request was under way
	ErrorUnreachable ErrorKind = "unreachable"    // no route to the host or network
	ErrorNoPorts     ErrorKind = "no_ports"       // the generator ran out of local ports
	ErrorNoFiles     ErrorKind = "no_files"       // the generator ran out of file descriptors
	ErrorBodyTooBig  ErrorKind = "body_too_large" // the response was longer than max_body
	ErrorNotAllowed  ErrorKind = "not_allowed"    // the target is in no list of allowed ones
	ErrorRedirects   ErrorKind = "redirects"      // more redirects than the attack allows
	ErrorOther       ErrorKind = "other"
)

// NotSentReason is the reason why a planned request was not sent.
type NotSentReason string

const (
	NotSentStopped NotSentReason = "stopped" // the run was stopped before its turn, or while it waited for a connection
	NotSentLate    NotSentReason = "late"    // its turn came later than the plan's overrun allows
	NotSentError   NotSentReason = "error"   // the engine gave up; the run's error says why
	// NotSentConnectionWait: its timeout passed while it waited for a connection, or
	// for a stream of one.
	NotSentConnectionWait NotSentReason = "connection_wait"
	// NotSentBackoff: there was no connection, and the engine was waiting to dial the
	// target again after a dial that failed.
	NotSentBackoff NotSentReason = "connection_backoff"
)

// Due reports whether the request was due, so that it counts as an error of the run:
// all but those that were not sent because the run was stopped.
func (r NotSentReason) Due() bool { return r != NotSentStopped }

// Phases are the parts of a request's service time, each zero where it did
// not occur (a reused connection has no DNS, Connect and TLS). They do not
// overlap; what their sum leaves of the service time is the generator's own.
// When redirects were followed, each phase is the sum over the hops.
type Phases struct {
	Conn    time.Duration // waiting for a connection of the pool, or for a stream of one, without DNS, Connect and TLS
	DNS     time.Duration // name resolution
	Connect time.Duration // TCP connect
	TLS     time.Duration // TLS handshake
	Write   time.Duration // from having a connection to having written the whole request
	Wait    time.Duration // from the request written to the first byte of the response
	Read    time.Duration // from the first to the last byte of the response
}

// Sum is the time that the phases account for.
func (p Phases) Sum() time.Duration {
	return p.Conn + p.DNS + p.Connect + p.TLS + p.Write + p.Wait + p.Read
}

// Target is the fixed part of a request. Records of the same target share it;
// nobody changes it once an attack has begun.
type Target struct {
	Method string // of HTTP; of gRPC package.Service/Method
	URL    string // absolute, without user information; grpc://host:port/package.Service/Method
	Scheme string // http, https, grpc, grpcs
	Host   string // server.address: the host name or IP of the URL
	Port   int    // server.port
	RPC    bool   // whether it is a gRPC method, so that Status is a gRPC code
}

// Record is the outcome of one request. It is made once, by the engine; the
// span, the histogram point and its exemplar are derived from it, so that they
// cannot disagree. A Record holds no reference to anything that changes.
type Record struct {
	Attack  int    // index into Plan.Attacks
	Stage   int    // index into Attack.Load
	Seq     uint64 // the number of the request within the attack, from 0, whichever shard of the plan made it
	TraceID TraceID
	SpanID  SpanID
	// Unsampled: the plan's sampling leaves the request without a span.
	Unsampled bool

	// Open: the request belongs to an open-loop stage, where Intended is the schedule's.
	Open bool
	// Intended is when the schedule wanted the request sent. In a closed-loop
	// stage there is no such time and Intended equals Sent.
	Intended time.Time
	// Sent is when the engine turned to the request; Done is when the last byte
	// of the response was read or the request failed. Both are zero if NotSent, and so
	// are the phases.
	Sent, Done time.Time

	Outcome   Outcome
	Error     ErrorKind     // set if Failed
	ErrorText string        // set if Failed: the cause in words, at most MaxErrorText bytes
	NotSent   NotSentReason // set if NotSent

	Target    *Target
	Status    int   // HTTP status code, 0 if there was no response; with Target.RPC the gRPC code, 0 being OK
	Proto     uint8 // HTTP: 10, 11, 20 for 1.0, 1.1, 2; 0 if there was no response
	Redirects int   // hops followed
	Reused    bool  // the (last) connection had been used before
	Dialed    int   // connections opened on behalf of this request
	Resent    int   // times that gRPC sent the call again by itself, so that it reached the target more than once
	Phases    Phases

	Stream *Stream // of a streaming gRPC call, else nil

	BytesSent     int64 // of the request body
	BytesReceived int64 // of the response body
	// Excerpt is the beginning of what a bad answer says, readable and at most
	// MaxExcerpt bytes: of HTTP of its body, of gRPC of its status message. Engines take
	// one of each status of an attack, the first; of all others it is empty.
	Excerpt     string
	Local, Peer netip.AddrPort
}

// MaxErrorText bounds Record.ErrorText, in bytes.
const MaxErrorText = 256

// MaxExcerpt bounds Record.Excerpt, in bytes.
const MaxExcerpt = 256

// ServiceTime is Done − Sent: what the target (and the network) took.
func (r *Record) ServiceTime() time.Duration { return r.Done.Sub(r.Sent) }

// ResponseTime is Done − Intended: what a user who wanted the request sent at
// its intended time would have waited. It is never less than the service time.
func (r *Record) ResponseTime() time.Duration { return r.Done.Sub(r.Intended) }

// Lag is Sent − Intended: how late the generator was.
func (r *Record) Lag() time.Duration { return r.Sent.Sub(r.Intended) }

// OK reports whether the request got a good response: an HTTP status below 400,
// or the gRPC code OK.
func (r *Record) OK() bool {
	if r.Target != nil && r.Target.RPC {
		return r.Outcome == Finished && r.Status == 0
	}
	return r.Outcome == Finished && r.Status < 400
}

// Due reports whether the request counts in the error ratio. Those that the stop of
// the run left out or cut off say nothing of the target.
func (r *Record) Due() bool {
	switch r.Outcome {
	case NotSent:
		return r.NotSent.Due()
	case Failed:
		return r.Error != ErrorCancelled
	}
	return true
}

// Stream is what a streaming call sent and received. Like the record it belongs
// to the sink only during the call of the sink.
type Stream struct {
	Sent, Received int           // messages
	First          time.Duration // from Record.Sent to the first message received; 0 if none came
	// Gaps are the times between messages received, in order, at most MaxGaps;
	// GapsCut counts those that are missing.
	Gaps    []time.Duration
	GapsCut int
}

// MaxGaps bounds Stream.Gaps.
const MaxGaps = 1024
