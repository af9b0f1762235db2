package grpcengine

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
)

func TestEngineConforms(t *testing.T) {
	for _, method := range []string{"Unary", "Client", "Server", "Both"} {
		t.Run(method, func(t *testing.T) {
			loadgentest.Run(t, loadgentest.Harness{
				Serve: func(t *testing.T, h loadgentest.Handler) loadgen.Attack {
					return startTarget(t, func(stream grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
						h(stream.Context(), header(stream.Context(), "traceparent"))
						return echo(stream, recv)
					}).attack(method)
				},
				Open: Open,
			})
		})
	}
}
