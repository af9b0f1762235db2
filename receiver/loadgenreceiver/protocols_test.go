package loadgenreceiver

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/demotarget/authv1"
	"github.com/loadtrace/loadtrace/loadgen"
)

// rpcTarget is a real gRPC server. It refuses every tenth unary call, and answers
// each message of a stream twice.
type rpcTarget struct {
	authv1.UnimplementedAuthServer
	address string
	asked   atomic.Int64
	parents sync.Map // the trace and span ids that came
}

func newRPCTarget(t *testing.T) *rpcTarget {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &rpcTarget{address: l.Addr().String()}
	server := grpc.NewServer()
	authv1.RegisterAuthServer(server, s)
	reflection.Register(server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return s
}

func (s *rpcTarget) note(ctx context.Context) {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, parent := range md.Get("traceparent") {
		if fields := strings.Split(parent, "-"); len(fields) == 4 {
			s.parents.Store(fields[1]+"-"+fields[2], true)
		}
	}
}

func (s *rpcTarget) Validate(ctx context.Context, _ *authv1.ValidateRequest) (*authv1.ValidateResponse, error) {
	s.note(ctx)
	if s.asked.Add(1)%10 == 0 {
		return nil, status.Error(codes.Unauthenticated, "who is it")
	}
	return &authv1.ValidateResponse{Subject: "user"}, nil
}

func (s *rpcTarget) ValidateStream(stream grpc.BidiStreamingServer[authv1.ValidateRequest, authv1.ValidateStreamResponse]) error {
	s.note(stream.Context())
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for range 2 {
			if err := stream.Send(&authv1.ValidateStreamResponse{}); err != nil {
				return err
			}
		}
	}
}

// call is an attack over gRPC, as the collector would read it.
func (s *rpcTarget) call(name, method string, count int) map[string]any {
	return map[string]any{
		"name": name,
		"grpc": map[string]any{
			"target": s.address, "plaintext": true, "method": "auth.v1.Auth/" + method,
			"data": []any{map[string]any{"token": "a"}, map[string]any{"token": "b"}, map[string]any{"token": "c"}},
		},
		"load": []any{map[string]any{"constant": "500/s", "count": count}},
	}
}

func TestAPlanMayMixProtocols(t *testing.T) {
	web, server := newTarget(t), newRPCTarget(t)
	cfg := web.config("500/s", 50)
	cfg.Plan["attacks"] = append(cfg.Plan["attacks"].([]any),
		server.call("unary", "Validate", 100), server.call("stream", "ValidateStream", 20))
	p, traces, metrics, _ := sinks()
	sum := newCollector(t, settings(), cfg, p).start().end()
	require.Empty(t, sum.Faults)

	assert.Equal(t, map[string]uint64{"200": 50}, sum.Attacks[0].Status)
	assert.Equal(t, map[string]uint64{"OK": 90, "UNAUTHENTICATED": 10}, sum.Attacks[1].Status)
	assert.Equal(t, map[string]uint64{"OK": 20}, sum.Attacks[2].Status)
	assert.Nil(t, sum.Attacks[1].Stream)
	require.NotNil(t, sum.Attacks[2].Stream)
	assert.EqualValues(t, 20*3, sum.Attacks[2].Stream.Sent)
	assert.EqualValues(t, 20*6, sum.Attacks[2].Stream.Received)
	assert.EqualValues(t, 20*5, sum.Attacks[2].Stream.Gap.Count)
	assert.Equal(t, "grpc "+server.address+" auth.v1.Auth/Validate", sum.Attacks[1].Target)

	last := metrics.AllMetrics()[len(metrics.AllMetrics())-1]
	assert.Equal(t, 3, named(t, last, attr.MetricCallDuration).ExponentialHistogram().DataPoints().Len())
	assert.Equal(t, 4, named(t, last, attr.MetricResponseTime).ExponentialHistogram().DataPoints().Len())
	assert.EqualValues(t, 20*5, named(t, last, attr.MetricMessageGap).ExponentialHistogram().DataPoints().At(0).Count())
	ids := spanIDs(traces.AllTraces())
	assert.Len(t, ids, 50+100+20+1)
	for id := range exemplars(metrics.AllMetrics()) {
		require.True(t, ids[id], "an exemplar names %s, which does not exist", id)
	}
	requireParents(t, server, traces.AllTraces())
}

// requireParents requires that the target saw the span of each call, and that
// streams have the events of their messages.
func requireParents(t *testing.T, server *rpcTarget, all []ptrace.Traces) {
	calls := 0
	for _, traces := range all {
		for _, s := range traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			if _, ok := s.Attributes().Get(attr.RPCMethod); !ok {
				continue
			}
			calls++
			_, came := server.parents.Load(s.TraceID().String() + "-" + s.SpanID().String())
			assert.True(t, came, "the target was not told of span %s", s.SpanID())
			if s.Name() == "auth.v1.Auth/ValidateStream" {
				assert.Equal(t, 6, s.Events().Len())
				assert.LessOrEqual(t, s.Events().At(5).Timestamp(), s.EndTimestamp())
			}
		}
	}
	assert.Equal(t, 120, calls)
}

func TestAStartTellsTheFaultsOfACall(t *testing.T) {
	server := newRPCTarget(t)
	cfg := createDefaultConfig().(*Config)
	cfg.Plan = map[string]any{"name": "test", "attacks": []any{server.call("unary", "Validat", 1)}}
	p, _, _, _ := sinks()
	c := newCollector(t, settings(), cfg, p)
	var err error
	for _, r := range c.receivers {
		err = errors.Join(err, r.Start(t.Context(), componenttest.NewNopHost()))
	}
	require.ErrorContains(t, err, "attacks[0].grpc.method")
	assert.Zero(t, server.asked.Load())
}

// What a plan forgets most on the own machine is plaintext: every call then fails
// in the handshake, and the summary must say so and not hang.
func TestCallsOverTLSToATargetWithoutItFailAndSayWhy(t *testing.T) {
	server := newRPCTarget(t)
	attack := server.call("unary", "Validate", 5)
	call := attack["grpc"].(map[string]any)
	delete(call, "plaintext")
	call["timeout"], call["proto"] = "2s", "../../internal/demotarget/authv1/auth.proto"
	cfg := createDefaultConfig().(*Config)
	cfg.Plan = map[string]any{"name": "test", "attacks": []any{attack}}
	p, _, _, _ := sinks()
	c := newCollector(t, settings(), cfg, p).start()
	sum := c.end()
	requests := sum.Total.Requests
	assert.Positive(t, requests.Failed, "those for which a dial was made")
	assert.EqualValues(t, 5, requests.Failed+requests.NotSent[loadgen.NotSentBackoff], "and those that came too soon after")
	assert.Contains(t, sum.Total.Errors[loadgen.ErrorTLS].Example, "handshake")
}
