package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	grpchealth "google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

// server is the target: it answers at once with a few bytes.
func server(ctx context.Context, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	answer := []byte("hello\n")
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(answer) })}
	fmt.Println(l.Addr())
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// health is the gRPC target: the standard health service, with reflection.
func health(ctx context.Context, _ []string) error { return serveHealth(ctx) }

func serveHealth(ctx context.Context, options ...grpc.ServerOption) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := grpc.NewServer(options...)
	healthpb.RegisterHealthServer(s, grpchealth.NewServer())
	reflection.Register(s)
	fmt.Println(l.Addr())
	context.AfterFunc(ctx, s.Stop)
	return s.Serve(l)
}

// sink takes OTLP over gRPC and counts client spans; it prints the count at its end.
func sink(ctx context.Context, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var spans atomic.Int64
	s := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	ptraceotlp.RegisterGRPCServer(s, &countTraces{n: &spans})
	pmetricotlp.RegisterGRPCServer(s, &takeMetrics{})
	plogotlp.RegisterGRPCServer(s, &takeLogs{})
	fmt.Println(l.Addr())
	context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(2*time.Second, s.Stop)
		defer timer.Stop()
		s.GracefulStop()
	})
	err = s.Serve(l)
	fmt.Println(spans.Load())
	return err
}

type countTraces struct {
	ptraceotlp.UnimplementedGRPCServer
	n *atomic.Int64
}

func (c *countTraces) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	n := 0
	for _, rs := range r.Traces().ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if s.Kind() == ptrace.SpanKindClient {
					n++
				}
			}
		}
	}
	c.n.Add(int64(n))
	return ptraceotlp.NewExportResponse(), nil
}

type takeMetrics struct {
	pmetricotlp.UnimplementedGRPCServer
}

func (*takeMetrics) Export(context.Context, pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	return pmetricotlp.NewExportResponse(), nil
}

type takeLogs struct {
	plogotlp.UnimplementedGRPCServer
}

func (*takeLogs) Export(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), nil
}
