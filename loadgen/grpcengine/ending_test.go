package grpcengine

import (
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
