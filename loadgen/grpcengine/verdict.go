package grpcengine

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// verdict is how a flight ended.
type verdict struct {
	outcome loadgen.Outcome
	notSent loadgen.NotSentReason
	status  int
	kind    loadgen.ErrorKind
	text    string
}

func unsent(why loadgen.NotSentReason) verdict {
	return verdict{outcome: loadgen.NotSent, notSent: why}
}

func failed(code codes.Code, kind loadgen.ErrorKind, text string) verdict {
	return verdict{outcome: loadgen.Failed, status: int(code), kind: kind, text: enginekit.ErrorText(text)}
}

// answered is the verdict on a call that ended with the status OK. gRPC sees
// every method as streaming, so the number of messages is for us to check.
func (f *flight) answered() verdict {
	if !f.method.server && f.answers != 1 {
		return failed(codes.Internal, loadgen.ErrorProtocol,
			fmt.Sprintf("%d messages and the status OK, where the method returns one", f.answers))
	}
	return verdict{outcome: loadgen.Finished}
}

// missed is the verdict on a call that ended otherwise.
func (f *flight) missed() verdict {
	code, text := codes.Canceled, "the call ended without a status"
	if f.fault != nil {
		code, text = status.Code(f.fault), f.fault.Error()
		if s, ok := status.FromError(f.fault); ok {
			text = s.Message()
		} else {
			code = codes.Unavailable // a connection's error, before gRPC gave it a status
		}
	}
	stopped := f.cut.Err() != nil && cutShort(code)
	switch {
	case f.ruled && f.fault != nil && !f.expired(code) && f.link.answers.take(code, text):
		return verdict{outcome: loadgen.Finished, status: int(code)}
	case f.streams == 0 && f.wait != waitDial:
		return f.waited(code, text, stopped)
	case stopped:
		return failed(codes.Canceled, loadgen.ErrorCancelled, text)
	case f.expired(code) && f.closes():
		return verdict{outcome: loadgen.Finished}
	case f.expired(code) && f.cancels():
		return failed(codes.DeadlineExceeded, loadgen.ErrorTimeout, "nothing came until the call was cancelled, after stream.duration")
	case f.expired(code):
		return failed(codes.DeadlineExceeded, loadgen.ErrorTimeout, text)
	}
	kind := f.kind(code, text)
	if text == "" {
		text = "the response has no grpc-status"
	}
	return failed(code, kind, text)
}

// waited is the verdict on a call for which nothing was attempted.
func (f *flight) waited(code codes.Code, text string, stopped bool) verdict {
	switch {
	case stopped:
		return unsent(f.unsentReason())
	case f.wait == waitBackoff:
		return unsent(loadgen.NotSentBackoff)
	case f.expired(code):
		return unsent(loadgen.NotSentConnectionWait)
	}
	return failed(code, f.kind(code, text), text)
}

// kind is why a call failed: how its dial ended or its connection broke, where we
// saw that, or else what gRPC says of it.
func (f *flight) kind(code codes.Code, text string) loadgen.ErrorKind {
	if d, ok := f.fault.(*dialFault); ok {
		return d.kind
	}
	if kind, ok := said(text); ok {
		return kind
	}
	if code == codes.Unavailable && f.conn != nil {
		if kind, ok := causeKind(f.conn.cause()); ok {
			return kind
		}
	}
	return supposed(code, text)
}

// expired reports whether the call's time was over when it ended, so that the
// code tells of our own deadline.
func (f *flight) expired(code codes.Code) bool {
	if code != codes.DeadlineExceeded && code != codes.Canceled && f.heard {
		return false
	}
	end := f.begin + f.life
	if !f.deadline.IsZero() { // which ghz set a moment before
		end = min(end, f.deadline.Sub(f.setup.Clock))
	}
	return f.faulted >= end
}

// closes reports whether the plan wants the call to be closed when its time is
// over. That is no failure if the target has sent a header by then. A trailer alone is
// no answer: a server sends one when the call's deadline is over.
func (f *flight) closes() bool { return f.closing && f.spoke }

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
