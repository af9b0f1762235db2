package grpcengine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// A client that learns from a message it cannot send that its stream has ended was
// told that all was well, whatever the status: up to one call in ten was OK.
func TestAStatusThatComesWhileMessagesAreSentIsTheCalls(t *testing.T) {
	for _, code := range []codes.Code{codes.OK, codes.NotFound, codes.ResourceExhausted, codes.Unavailable} {
		for _, method := range []string{"Client", "Both"} {
			t.Run(code.String()+"/"+method, func(t *testing.T) {
				ends := func(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
					if code == codes.OK && method == "Client" { // which has one answer
						note, err := recv()
						if err != nil {
							return err
						}
						return stream.SendMsg(note)
					}
					return status.Error(code, "at once")
				}
				a := startTarget(t, ends).attack(method)
				a.GRPC.Stream.Messages = 50
				a.Load = []pace.Stage{{Max: &pace.Max{Workers: 8}, Count: 400}}
				res := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{})
				require.Len(t, res.Records, 400)
				for _, r := range res.Records {
					assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					assert.Equal(t, code, codes.Code(r.Status))
				}
			})
		}
	}
}

// A server whose handler gives up when the plan closes the stream has not answered.
func TestATrailerThatFollowsTheCloseIsNoAnswer(t *testing.T) {
	a := startTarget(t, silent).attack("Server")
	a.GRPC.Stream.Duration = 50 * time.Millisecond
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 20}, Count: 200}}
	for _, r := range loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records {
		if r.Outcome == loadgen.NotSent { // a machine that is busy may take as long before it comes to a call
			assert.Equal(t, loadgen.NotSentConnectionWait, r.NotSent)
			continue
		}
		// The server's own word on the deadline may be there first.
		if r.Outcome == loadgen.Finished {
			assert.Equal(t, codes.DeadlineExceeded, codes.Code(r.Status))
			continue
		}
		assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
	}
}

// Eight workers made thousands of requests that were not sent while the target was
// dialled again.
func TestAClosedLoopWaitsForTheNextDial(t *testing.T) {
	for _, method := range methods {
		a := startTarget(t, echo).attack(method)
		a.GRPC.Target, a.GRPC.Connections = closedPort(t), 1
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 4}, Count: 12}}
		for _, r := range loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records {
			assert.Equal(t, loadgen.ErrorRefused, r.Error, "%s %s", r.NotSent, r.ErrorText)
			assert.Zero(t, r.Phases.Conn, "it waited for no connection that there was")
		}
	}
}

// A watch lasts until its client has had enough: it outlives a half-close. Forty of forty
// such calls were failures of a server in good health.
func TestAStreamThatIsCancelledByPlanIsFinishedIfTheTargetSpoke(t *testing.T) {
	t.Parallel() // its streams last
	for name, c := range map[string]lasting{
		"a watch":                        {serve: watching, end: loadgen.StreamCancel, stays: true},
		"a watch that is half-closed":    {serve: watching, end: loadgen.StreamHalfClose, kind: loadgen.ErrorTimeout, onlyOf: "Both"},
		"a watch that is not ended":      {serve: watching, kind: loadgen.ErrorTimeout, onlyOf: "Both"},
		"a header":                       {serve: heading, end: loadgen.StreamCancel, stays: true},
		"nothing":                        {serve: silent, end: loadgen.StreamCancel, kind: loadgen.ErrorTimeout, stays: true},
		"an end of its own":              {serve: endingWith(codes.OK), end: loadgen.StreamCancel},
		"an end of its own, with a code": {serve: endingWith(codes.NotFound), end: loadgen.StreamCancel, status: codes.NotFound},
	} {
		for _, method := range []string{"Server", "Both"} {
			if c.onlyOf == "" || c.onlyOf == method {
				t.Run(name+"/"+method, func(t *testing.T) {
					t.Parallel()
					c.run(t, method)
				})
			}
		}
	}
}

// lasting is a stream, and what becomes of it.
type lasting struct {
	serve  handler
	end    loadgen.StreamEnd
	kind   loadgen.ErrorKind // if failed
	status codes.Code        // if finished
	stays  bool              // until it is cancelled
	onlyOf string            // the method
}

// watching answers once and waits until it is cancelled.
func watching(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
	note, err := recv()
	if err != nil {
		return err
	}
	if err := stream.SendMsg(note); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// heading sends a header alone.
func heading(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	return silent(stream, recv)
}

// ending answers once and ends with a status.
func endingWith(code codes.Code) handler {
	return func(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		note, _ := recv()
		_ = stream.SendMsg(note)
		return status.Error(code, "by itself")
	}
}

// lasts is how long a stream goes on by plan.
const lasts = 3 * time.Second

func (c lasting) run(t *testing.T, method string) {
	how := make(chan error, 10)
	g := startTarget(t, func(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		err := c.serve(stream, recv)
		how <- stream.Context().Err()
		return err
	})
	a := g.attack(method)
	a.GRPC.Stream = loadgen.StreamLoad{Duration: lasts, End: c.end}
	a.GRPC.Timeout = time.Minute
	if c.kind != "" && !c.stays {
		a.GRPC.Timeout = 6 * time.Second
	}
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 3}, Count: 3}}
	for _, r := range loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records {
		if c.kind != "" {
			assert.Equal(t, loadgen.Failed, r.Outcome)
			assert.Equal(t, c.kind, r.Error, r.ErrorText)
			continue
		}
		require.Equal(t, loadgen.Finished, r.Outcome, "%s: %s", r.Error, r.ErrorText)
		assert.Equal(t, c.status, codes.Code(r.Status))
		assert.Equal(t, 1, r.Stream.Sent)
		assert.Equal(t, c.stays, r.ServiceTime() >= lasts, "it took %s", r.ServiceTime())
		assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
	}
	if c.stays {
		for range 3 {
			assert.ErrorIs(t, <-how, context.Canceled, "cancelled, and no deadline")
		}
	}
}

// A server may end a subscription whose client has closed its side, so that stays open.
func TestTheClientsSideOfAStreamThatIsCancelledStaysOpen(t *testing.T) {
	t.Parallel() // its stream lasts
	g := startTarget(t, func(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		for {
			note, err := recv()
			if err != nil {
				return status.Error(codes.Aborted, "the client's side was closed")
			}
			if err := stream.SendMsg(note); err != nil {
				return err
			}
		}
	})
	a := g.attack("Both")
	a.GRPC.Data = `[{"number": "1"}, {"number": "2"}]`
	a.GRPC.Stream = loadgen.StreamLoad{Duration: 3 * time.Second, End: loadgen.StreamCancel}
	r := g.run(t, a, 1)[0]
	require.True(t, r.OK(), "%d %s", r.Status, r.ErrorText)
	assert.Equal(t, 2, r.Stream.Sent)
	assert.Equal(t, 2, r.Stream.Received)
}

func TestOnlyAStreamOfTheServerCanBeCancelled(t *testing.T) {
	g := startTarget(t, echo)
	for _, method := range []string{"Unary", "Client"} {
		a := g.attack(method)
		a.GRPC.Stream = loadgen.StreamLoad{Duration: time.Second, End: loadgen.StreamCancel}
		_, err := Open(setupOf(a))
		assert.EqualError(t, err, "grpc.stream.end: is cancel, and echo.v1.Echo/"+method+
			" returns one message, which would never come; remove it, or call a method that returns a stream")
	}
}
