package grpcengine

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// ending is how a call ended.
type ending struct {
	outcome loadgen.Outcome
	notSent loadgen.NotSentReason
	status  int
	kind    loadgen.ErrorKind
	text    string
}

func unsent(why loadgen.NotSentReason) ending {
	return ending{outcome: loadgen.NotSent, notSent: why}
}

func failed(code codes.Code, kind loadgen.ErrorKind, text string) ending {
	return ending{outcome: loadgen.Failed, status: int(code), kind: kind, text: enginekit.ErrorText(text)}
}

// answered is the ending of a call that ended with the status OK. gRPC sees
// every method as streaming, so the number of messages is for us to check.
func (c *call) answered() ending {
	if !c.method.server && c.answers != 1 {
		return failed(codes.Internal, loadgen.ErrorProtocol,
			fmt.Sprintf("%d messages and the status OK, where the method returns one", c.answers))
	}
	return ending{outcome: loadgen.Finished}
}

// missed is the ending of a call that ended otherwise.
func (c *call) missed() ending {
	code, text := codes.Canceled, "the call ended without a status"
	if c.fault != nil {
		code, text = status.Code(c.fault), c.fault.Error()
		if s, ok := status.FromError(c.fault); ok {
			text = s.Message()
		} else {
			code = codes.Unavailable // a connection's error, before gRPC gave it a status
		}
	}
	stopped := c.cut.Err() != nil && cutShort(code)
	switch {
	case c.trailerReceived && c.fault != nil && !c.expired(code) && c.link.answers.take(code, text):
		return ending{outcome: loadgen.Finished, status: int(code)}
	case c.streams == 0 && c.wait != waitDial:
		return c.waited(code, text, stopped)
	case stopped:
		return failed(codes.Canceled, loadgen.ErrorCancelled, text)
	case c.expired(code) && c.closes():
		return ending{outcome: loadgen.Finished}
	case c.expired(code) && c.cancels():
		return failed(codes.DeadlineExceeded, loadgen.ErrorTimeout, "nothing came until the call was cancelled, after stream.duration")
	case c.expired(code):
		return failed(codes.DeadlineExceeded, loadgen.ErrorTimeout, text)
	}
	kind := c.kind(code, text)
	if text == "" {
		text = "the response has no grpc-status"
	}
	return failed(code, kind, text)
}

// waited is the ending of a call for which nothing was attempted.
func (c *call) waited(code codes.Code, text string, stopped bool) ending {
	switch {
	case stopped:
		return unsent(c.unsentReason())
	case c.wait == waitBackoff:
		return unsent(loadgen.NotSentBackoff)
	case c.expired(code):
		return unsent(loadgen.NotSentConnectionWait)
	}
	return failed(code, c.kind(code, text), text)
}

// kind is why a call failed: how its dial ended or its connection broke, where we
// saw that, or else what gRPC says of it.
func (c *call) kind(code codes.Code, text string) loadgen.ErrorKind {
	if d, ok := c.fault.(*dialFault); ok {
		return d.kind
	}
	if kind, ok := kindOfText(text); ok {
		return kind
	}
	if code == codes.Unavailable && c.conn != nil {
		if kind, ok := causeKind(c.conn.cause()); ok {
			return kind
		}
	}
	return supposed(code, text)
}

// expired reports whether the call's time was over when it ended, so that the
// code is that of our own deadline.
func (c *call) expired(code codes.Code) bool {
	if code != codes.DeadlineExceeded && code != codes.Canceled && c.responded {
		return false
	}
	end := c.begin + c.life
	if !c.deadline.IsZero() { // which ghz set a moment before
		end = min(end, c.deadline.Sub(c.setup.Clock))
	}
	return c.faulted >= end
}

// closes reports whether the plan wants the call to be closed when its time is
// over. That is no failure if the target has sent a header by then. A trailer alone is
// no answer: a server sends one when the call's deadline is over.
func (c *call) closes() bool { return c.closing && c.headerReceived }

func cutShort(code codes.Code) bool {
	return code == codes.Canceled || code == codes.Unavailable || code == codes.DeadlineExceeded
}

// phases splits the time of a call, which began and ended at these moments,
// without a rest: where a moment has not come, the phase before it lasts until
// the end. Of a call that finds no connection, all is connecting but the handshake, until
// there is one that the target has greeted; then it waits for a stream of it. gRPC does not tell when a message has been written, and a stream's
// messages come and go at once; so what is before the first message received
// and after the last that was handed over counts as waiting.
func (m marks) phases(begin, end time.Duration) loadgen.Phases {
	var p loadgen.Phases
	conn := orEnd(m.conn, end)
	if m.dial > 0 {
		had := orEnd(m.had, conn)
		p.TLS = overlap(m.made.connected, m.made.secured, begin, had)
		p.Connect = had - begin - p.TLS
	}
	p.Conn = conn - begin - p.Connect - p.TLS
	if m.conn == 0 {
		return p
	}
	first := max(orEnd(m.first, end), conn)
	wrote := max(min(m.wrote, first), conn)
	p.Write = wrote - conn
	p.Wait = first - wrote
	p.Read = end - first
	return p
}

func orEnd(at, end time.Duration) time.Duration {
	if at == 0 {
		return end
	}
	return min(at, end)
}

// overlap is how much of one span of time lies within another.
func overlap(from, to, begin, end time.Duration) time.Duration {
	return max(0, min(to, end)-max(from, begin))
}
