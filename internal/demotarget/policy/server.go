package policy

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/loadtrace/loadtrace/internal/demotarget/policyv1"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
)

// pingEvery is how often a client that is kept alive asks whether the other end
// still is. What the server allows must be more often, or it closes the
// connection with "too many pings".
const (
	pingEvery   = 30 * time.Second
	pingAllowed = 20 * time.Second
)

// Server answers policy.v1.Policy.
type Server struct {
	policyv1.UnimplementedPolicyServer
	server *grpc.Server

	mu    sync.Mutex // guards table
	table map[string][]*policyv1.Grant
}

// NewServer returns a server with the options and a span for each call.
func NewServer(proof *tls.Config, tel *telemetry.Telemetry, options ...grpc.ServerOption) *Server {
	s := &Server{table: map[string][]*policyv1.Grant{}}
	s.server = grpc.NewServer(append(options, grpc.Creds(credentials.NewTLS(proof)), grpc.StatsHandler(tel.ServerHandler()))...)
	policyv1.RegisterPolicyServer(s.server, s)
	return s
}

// KeptAlive are the options of a server whose clients keep their connections: it
// lets them ask whether it lives, and asks the same of connections that are
// silent, so that dead ones do not stay.
func KeptAlive() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingAllowed, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: pingAllowed}),
	}
}

// maxScopes bounds the table, in scopes; what is beyond is expanded each time.
const maxScopes = 1000

// Grants implements policyv1.PolicyServer.
func (s *Server) Grants(_ context.Context, r *policyv1.GrantsRequest) (*policyv1.GrantsResponse, error) {
	answer := &policyv1.GrantsResponse{}
	for _, scope := range r.GetScopes() {
		answer.Grants = append(answer.Grants, s.of(scope)...)
	}
	return answer, nil
}

func (s *Server) of(scope string) []*policyv1.Grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	grants, ok := s.table[scope]
	if !ok {
		grants = expand(scope)
		if len(s.table) < maxScopes {
			s.table[scope] = grants
		}
	}
	return grants
}

// Serve answers on l until Stop, and then returns nil.
func (s *Server) Serve(l net.Listener) error { return s.server.Serve(l) }

// Stop closes the listener and lets calls under way end until ctx does.
func (s *Server) Stop(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.server.Stop)
	defer stop()
	s.server.GracefulStop()
}
