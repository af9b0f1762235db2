package server

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/loadtrace/loadtrace/internal/demotarget/authv1"
	"github.com/loadtrace/loadtrace/internal/demotarget/service"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
)

// GRPC serves auth.v1.Auth, health checks and reflection.
type GRPC struct {
	server *grpc.Server
	health *health.Server
}

// NewGRPC returns a gRPC server of the service.
func NewGRPC(s *service.Service, streams Streams, tel *telemetry.Telemetry) *GRPC {
	g := &GRPC{
		server: grpc.NewServer(append(streams.GRPC(), grpc.StatsHandler(tel.ServerHandler()))...),
		health: health.NewServer(),
	}
	authv1.RegisterAuthServer(g.server, auth{service: s})
	g.health.SetServingStatus(authv1.Auth_ServiceDesc.ServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(g.server, g.health)
	reflection.Register(g.server)
	return g
}

// Serve answers on l until Stop, and then returns nil.
func (g *GRPC) Serve(l net.Listener) error { return g.server.Serve(l) }

// Stop closes the listener and lets RPCs under way end until ctx does; those
// left, such as open streams, are cut off.
func (g *GRPC) Stop(ctx context.Context) {
	g.health.Shutdown()
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.server.GracefulStop()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		g.server.Stop()
		<-done
	}
}
