package clientspan

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
)

// Client is what a client span tells of its request.
type Client struct {
	Sent, Done time.Time
	Run        string // loadgen.run.id, if the span is ours
	Attack     string
	Failed     bool
	Answered   bool // an answer came, whatever it said
	NotSampled bool // its flags say that servers were told not to record
	Request    ledger.Request
}

// sampled and known are bits of OTLP's SpanFlags: the W3C sampled flag, and the
// one that says that flags were filled in by a library that knows of them.
const (
	sampled = 0x1
	known   = 0x100
)

// Read a client span. The response time of a span without our
// attributes is its duration.
func Read(s ptrace.Span) (c Client) {
	c.Sent, c.Done = s.StartTimestamp().AsTime(), s.EndTimestamp().AsTime()
	c.Failed = s.Status().Code() == ptrace.StatusCodeError
	c.Answered = !c.Failed
	c.NotSampled = s.Flags()&known != 0 && s.Flags()&sampled == 0
	c.Request.Response = c.Done.Sub(c.Sent)
	for k, v := range s.Attributes().All() {
		if strings.HasPrefix(k, ours) && c.readPhase(k, v) {
			continue
		}
		switch k {
		case attr.RunID:
			c.Run = v.Str()
		case attr.AttackName:
			c.Attack = v.Str()
		case attr.HTTPResponseStatusCode, "http.status_code":
			c.Answered = true
		case attr.RPCResponseStatusCode, "rpc.grpc.status_code":
			c.Answered = c.Answered || servers[v.AsString()]
		}
	}
	return c
}

// servers are the gRPC codes that only servers send, by name and by number: the
// others may be made by the client's own library. (gRPC's statuscodes.md; of
// PERMISSION_DENIED it says so by leaving it out of what libraries make.)
var servers = map[string]bool{
	"INVALID_ARGUMENT": true, "3": true, "NOT_FOUND": true, "5": true, "ALREADY_EXISTS": true, "6": true,
	"PERMISSION_DENIED": true, "7": true, "FAILED_PRECONDITION": true, "9": true, "ABORTED": true, "10": true,
	"OUT_OF_RANGE": true, "11": true, "DATA_LOSS": true, "15": true,
}

// ours is the prefix of the generator's attributes.
const ours = "loadgen."

func (c *Client) readPhase(key string, v pcommon.Value) bool {
	phase, ok := phases[key]
	if ok {
		*phase(&c.Request) = seconds(v)
	}
	return ok
}

// phases are where our attributes of a request go.
var phases = map[string]func(*ledger.Request) *time.Duration{
	attr.ResponseTime:    func(r *ledger.Request) *time.Duration { return &r.Response },
	attr.ScheduleLag:     func(r *ledger.Request) *time.Duration { return &r.Lag },
	attr.PhaseConnection: func(r *ledger.Request) *time.Duration { return &r.Phases[ledger.Connection] },
	attr.PhaseDNS:        func(r *ledger.Request) *time.Duration { return &r.Phases[ledger.DNS] },
	attr.PhaseConnect:    func(r *ledger.Request) *time.Duration { return &r.Phases[ledger.Connect] },
	attr.PhaseTLS:        func(r *ledger.Request) *time.Duration { return &r.Phases[ledger.TLS] },
	attr.PhaseWrite:      func(r *ledger.Request) *time.Duration { return &r.Phases[ledger.Write] },
	attr.PhaseRead:       func(r *ledger.Request) *time.Duration { return &r.Phases[ledger.Read] },
	attr.PhaseWait:       func(r *ledger.Request) *time.Duration { return &r.Wait },
}

// seconds to a duration, to the nanosecond that was written.
func seconds(v pcommon.Value) time.Duration {
	return time.Duration(v.Double()*1e9 + 0.5)
}

// Asked is when the request was on its way: after a connection was there.
func (c *Client) Asked() time.Time {
	p := &c.Request.Phases
	return c.Sent.Add(p[ledger.Connection] + p[ledger.DNS] + p[ledger.Connect] + p[ledger.TLS])
}
