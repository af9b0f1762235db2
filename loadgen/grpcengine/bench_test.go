package grpcengine

import (
	"context"
	"sync/atomic"
	"testing"

	ghz "github.com/bojand/ghz/runner"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const workers = 50

// All have the same target in the same process: their differences are what the
// engine costs beside ghz as it is, and a loop over gRPC's own client.
func BenchmarkEngine(b *testing.B) {
	a := startTarget(b, echo).attack("Unary")
	a.GRPC.Connections = 4
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: workers}, Count: uint64(b.N)}}
	schedule, err := pace.New(a.Load)
	require.NoError(b, err)
	e, err := Open(setupOf(a))
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	var bad atomic.Int64
	require.NoError(b, e.Run(b.Context(), pace.NewPacer(b.Context(), schedule, pace.Options{}), func(r *loadgen.Record) {
		if !r.OK() {
			bad.Add(1)
		}
	}))
	require.Zero(b, bad.Load())
}

// What ghz costs as it is.
func BenchmarkStock(b *testing.B) {
	g := startTarget(b, echo)
	config, err := ghz.NewConfig("echo.v1.Echo/Unary", g.addr, ghz.WithProtoFile(g.file, nil), ghz.WithInsecure(true),
		ghz.WithDataFromJSON(`{"text": "hello"}`), ghz.WithConcurrency(workers), ghz.WithConnections(4),
		ghz.WithTotalRequests(uint(b.N)))
	require.NoError(b, err)
	requester, err := ghz.NewRequester(config)
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	report, err := requester.Run()
	require.NoError(b, err)
	require.Empty(b, report.ErrorDist)
}

func BenchmarkBareClient(b *testing.B) {
	g := startTarget(b, echo)
	var conns [4]*grpc.ClientConn
	for i := range conns {
		var err error
		conns[i], err = grpc.NewClient(g.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(b, err)
		defer conns[i].Close()
	}
	note := dynamicpb.NewMessage(g.note)
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(workers / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn := conns[next.Add(1)%4]
		for pb.Next() {
			if err := conn.Invoke(context.Background(), "/echo.v1.Echo/Unary", note, dynamicpb.NewMessage(g.note)); err != nil {
				b.Error(err)
			}
		}
	})
}

// What it costs to see that a message received is one: of a small answer, and of one of
// 48 kB with two thousand messages in it.
func BenchmarkLayout(b *testing.B) {
	l := newLayout(compiled(b, allKinds).Messages().Get(0))
	small := []byte("\x0a\x05hello\x18\x2a\x28\x01")
	var large []byte
	for range 2000 {
		large = protowire.AppendBytes(protowire.AppendTag(large, 13, protowire.BytesType), append([]byte("\x0a\x14"), "some text of a line."...))
	}
	for name, message := range map[string][]byte{"small": small, "large": large} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if err := l.check(message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
