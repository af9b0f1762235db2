package policy

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/loadtrace/loadtrace/internal/demotarget/policyv1"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
)

// callTimeout bounds a call, with dialling.
const callTimeout = 2 * time.Second

// Client asks a policy service, many times at once.
type Client interface {
	// Grants are all that the scopes of a subject allow.
	Grants(ctx context.Context, subject string, scopes []string) ([]Grant, error)
	// Close gives up the connection, if one is kept.
	Close()
}

// PerCall dials for each call: the mistake of code that has an address and no
// place to keep a connection. Every call pays for a TCP connection, a TLS
// handshake, HTTP/2's settings, and the goroutines and buffers of both ends.
type PerCall struct {
	addr    string
	options []grpc.DialOption
}

// NewPerCall returns a client of the service at addr, host:port.
func NewPerCall(addr string, trust *tls.Config, tel *telemetry.Telemetry) *PerCall {
	return &PerCall{addr: addr, options: dialling(trust, tel)}
}

// Grants implements Client.
func (c *PerCall) Grants(ctx context.Context, subject string, scopes []string) ([]Grant, error) {
	conn, err := grpc.NewClient(c.addr, c.options...)
	if err != nil {
		return nil, fmt.Errorf("dial the policy service: %w", err)
	}
	defer conn.Close()
	return ask(ctx, policyv1.NewPolicyClient(conn), subject, scopes)
}

// Close implements Client.
func (c *PerCall) Close() {}

// Kept asks over one connection, which is kept alive.
type Kept struct {
	conn   *grpc.ClientConn
	policy policyv1.PolicyClient
}

// NewKept returns a client of the service at addr, host:port. The caller closes
// it. It connects at the first call.
func NewKept(addr string, trust *tls.Config, tel *telemetry.Telemetry) (*Kept, error) {
	conn, err := grpc.NewClient(addr, append(dialling(trust, tel), grpc.WithKeepaliveParams(keepalive.ClientParameters{
		Time: pingEvery, Timeout: 10 * time.Second, PermitWithoutStream: true,
	}))...)
	if err != nil {
		return nil, fmt.Errorf("dial the policy service: %w", err)
	}
	return &Kept{conn: conn, policy: policyv1.NewPolicyClient(conn)}, nil
}

// Grants implements Client.
func (c *Kept) Grants(ctx context.Context, subject string, scopes []string) ([]Grant, error) {
	return ask(ctx, c.policy, subject, scopes)
}

// Close implements Client.
func (c *Kept) Close() { _ = c.conn.Close() }

func dialling(trust *tls.Config, tel *telemetry.Telemetry) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(trust)),
		grpc.WithStatsHandler(tel.ClientHandler()),
	}
}

func ask(ctx context.Context, c policyv1.PolicyClient, subject string, scopes []string) ([]Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := c.Grants(ctx, &policyv1.GrantsRequest{Subject: subject, Scopes: scopes})
	if err != nil {
		return nil, fmt.Errorf("ask for grants: %w", err)
	}
	grants := make([]Grant, len(answer.GetGrants()))
	for i, g := range answer.GetGrants() {
		grants[i] = Grant{Action: g.GetAction(), Resource: g.GetResource()}
	}
	return grants, nil
}
