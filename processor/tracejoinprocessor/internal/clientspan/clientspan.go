package clientspan

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
)

// Client is what a client span records of its request.
type Client struct {
	Sent, Done time.Time
	Run        string // loadgen.run.id, if the span is ours
	Attack     string
	Failed     bool
	Answered   bool // a response came, whatever its status, between the two
	NotSampled bool // its flags ask servers not to record
	redirected bool // so that its connections were made for several requests
	shares     bool // its connection, with other requests, in HTTP/2 or gRPC
	Request    ledger.Request
}

// sampled and known are bits of OTLP's SpanFlags: the W3C sampled flag, and the
// one that says that flags were filled in by a library that knows of them.
const (
	sampled = 0x1
	known   = 0x100
)

// Read a client span. The response time of a span without our attributes, or with
// some that cannot be, is its duration.
func Read(s ptrace.Span) (c Client) {
	c.Sent, c.Done = s.StartTimestamp().AsTime(), s.EndTimestamp().AsTime()
	c.NotSampled = s.Flags()&known != 0 && s.Flags()&sampled == 0
	bad := s.Status().Code() == ptrace.StatusCodeError // by a code
	for k, v := range s.Attributes().All() {
		switch k {
		case attr.ResponseTime:
			c.Request.Response = seconds(v)
		case attr.ScheduleLag:
			c.Request.Lag = seconds(v)
		case attr.PhaseWait:
			c.Request.Wait = seconds(v)
		case attr.PhaseConnection:
			c.Request.Phases[ledger.Connection] = seconds(v)
		case attr.PhaseDNS:
			c.Request.Phases[ledger.DNS] = seconds(v)
		case attr.PhaseConnect:
			c.Request.Phases[ledger.Connect] = seconds(v)
		case attr.PhaseTLS:
			c.Request.Phases[ledger.TLS] = seconds(v)
		case attr.PhaseWrite:
			c.Request.Phases[ledger.Write] = seconds(v)
		case attr.PhaseRead:
			c.Request.Phases[ledger.Read] = seconds(v)
		case attr.RunID:
			c.Run = utf8text.Key(v.Str())
		case attr.AttackName:
			c.Attack = utf8text.Key(v.Str())
		case attr.Redirects:
			c.redirected = v.Int() > 0
		case attr.RPCSystemName, "rpc.system":
			c.shares = true
		case attr.NetworkProtocolVersion:
			c.shares = c.shares || v.Str() == "2"
		case attr.HTTPResponseStatusCode, "http.status_code":
			c.Answered, bad = true, bad || serverError(v)
		case attr.RPCResponseStatusCode, "rpc.grpc.status_code":
			code := v.AsString()
			c.Answered, bad = c.Answered || servers[code], bad || !fine[code]
		}
	}
	c.Failed = bad && s.Status().Code() != ptrace.StatusCodeOk // which a person has set
	c.Answered = c.Answered || !c.Failed
	c.bound(c.took(s))
	return c
}

// took is how long a span was open, from 0 to longest. Of a span that lacks a time,
// or ended before it began, one time stands for both, and it says nothing of clocks.
func (c *Client) took(s ptrace.Span) time.Duration {
	start, end := s.StartTimestamp(), s.EndTimestamp()
	if start > 0 && start <= end {
		return time.Duration(min(end-start, pcommon.Timestamp(longest)))
	}
	c.Answered = false
	if start == 0 {
		c.Sent = c.Done
	} else {
		c.Done = c.Sent
	}
	return 0
}

// bound the response time: it is no less than the duration of the span, and no less
// than what is said to have happened within it.
func (c *Client) bound(took time.Duration) {
	r := &c.Request
	if r.Response < took-rounding {
		r.Response = took
	}
	within := r.Lag + r.Wait
	for _, d := range r.Phases {
		within += d
	}
	if within > r.Response+rounding {
		*r = ledger.Request{Response: r.Response}
	}
}

const (
	// longest is more than any request takes: what is longer was not measured.
	longest = 24 * time.Hour
	// rounding is by how much times may differ that were written as seconds.
	rounding = time.Microsecond
)

// serverError reports whether an HTTP status is one, as a number or in digits.
func serverError(v pcommon.Value) bool {
	if v.Type() == pcommon.ValueTypeInt {
		return v.Int() >= 500 && v.Int() < 600
	}
	text := v.AsString()
	return len(text) == 3 && text[0] == '5'
}

// fine are the gRPC codes of a call that succeeded.
var fine = map[string]bool{"OK": true, "0": true, "": true}

// servers are the gRPC codes that only servers send, by name and by number: the
// others may be made by the client's own library. (gRPC's statuscodes.md; of
// PERMISSION_DENIED it says so by leaving it out of what libraries make.)
var servers = map[string]bool{
	"INVALID_ARGUMENT": true, "3": true, "NOT_FOUND": true, "5": true, "ALREADY_EXISTS": true, "6": true,
	"PERMISSION_DENIED": true, "7": true, "FAILED_PRECONDITION": true, "9": true, "ABORTED": true, "10": true,
	"OUT_OF_RANGE": true, "11": true, "DATA_LOSS": true, "15": true,
}

// seconds to a duration, to the nanosecond that was written; 0 if it is none, or
// longer than any.
func seconds(v pcommon.Value) time.Duration {
	if v.Type() != pcommon.ValueTypeDouble || !(v.Double() >= 0 && v.Double() <= longest.Seconds()) {
		return 0
	}
	return time.Duration(v.Double()*1e9 + 0.5)
}

// Asked is when the request was on its way, or earlier: after a connection was there.
// Of several requests, each after a redirect, it is not known which connection was whose,
// and it is when the first began.
//
// Subtle: a request that shares its connection waits for a stream of it as well, and the
// libraries of HTTP/2 and gRPC report that it has one after its header has left. A busy
// generator notes that when the server is at work already, so the wait is not counted.
func (c *Client) Asked() time.Time {
	if c.redirected {
		return c.Sent
	}
	p := &c.Request.Phases
	made := p[ledger.DNS] + p[ledger.Connect] + p[ledger.TLS]
	if c.shares {
		return c.Sent.Add(made)
	}
	return c.Sent.Add(made + p[ledger.Connection])
}
