package httpengine

import (
	"context"
	"net"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// idleTimeout is how long a connection may wait to be used again.
const idleTimeout = 90 * time.Second

// transport carries requests, one at a time for each caller.
type transport interface {
	// carry sends the request of an iteration, whose time counts from sent, and reads
	// the response to its end. It fills the record: phases, connection, bytes and the
	// time of its end. An error is the reason why no whole response came.
	carry(f *iteration, sent time.Duration) error
	// cancel ends the requests under way.
	cancel()
	// close releases connections. Nothing is under way any more.
	close()
}

// newTransport returns the fastest transport that supports the attack.
func newTransport(s *runner.Setup, requests []*request) (transport, error) {
	trust, err := enginekit.ClientTLS(s.Context(), "http", s.Attack.HTTP.TLS)
	if err != nil {
		return nil, err
	}
	if suits(s.Attack.HTTP, requests) {
		return newDirect(s, trust, requests)
	}
	return newStandard(s, trust), nil
}

// dial opens a connection.
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// newDialer opens connections to the target itself: proxies of the environment
// are not used, since the target is what is measured.
func newDialer(spec *loadgen.HTTP) *net.Dialer {
	return &net.Dialer{Timeout: spec.Timeout, KeepAlive: 30 * time.Second}
}

func keepAlive(spec *loadgen.HTTP) bool { return spec.KeepAlive == nil || *spec.KeepAlive }
