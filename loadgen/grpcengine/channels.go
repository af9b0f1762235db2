package grpcengine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"reflect"
	"time"

	ghz "github.com/bojand/ghz/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	"github.com/loadtrace/loadtrace/loadgen/allow"
)

// maxMessage bounds a message received, in bytes: a longer one fails its call.
const maxMessage = 64 << 20

// redial is how long after a dial that failed a channel dials again, on a call's
// behalf. gRPC's own is a second at first and two minutes in the end: as long as
// that, calls would fail though the target is up again.
var redial = backoff.Config{BaseDelay: 100 * time.Millisecond, MaxDelay: 100 * time.Millisecond, Multiplier: 1, Jitter: 0.2}

// connectWithin is how long a dial may take, up to HTTP/2's first settings.
const connectWithin = 20 * time.Second

// dial makes the run's channels. They dial when they are first called.
func (r *run) dial(name string) ([]*grpc.ClientConn, error) {
	spec := r.setup.Attack.GRPC
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(r.creds),
		grpc.WithDefaultServiceConfig(`{"loadBalancingPolicy":"` + policy + `"}`),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: redial, MinConnectTimeout: connectWithin}),
		grpc.WithStatsHandler(attempts{}),
		grpc.WithStreamInterceptor(r.intercept),
		grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodecV2(codec{r.output}),
			grpc.WaitForReady(spec.WaitForReady),
			grpc.MaxCallRecvMsgSize(maxMessage),
			grpc.MaxCallSendMsgSize(math.MaxInt32),
		),
	}
	if gate := r.setup.Gate; !gate.AllowsAll() {
		opts = append(opts, gated(gate))
	}
	if spec.Authority != "" {
		opts = append(opts, grpc.WithAuthority(spec.Authority))
	}
	if t := spec.KeepAlive.Time; t > 0 {
		opts = append(opts, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: t, Timeout: t}))
	}
	address, err := addressOf(spec)
	if err != nil {
		return nil, err
	}
	channels := make([]*grpc.ClientConn, 0, max(1, spec.Connections))
	for range cap(channels) {
		c, err := grpc.NewClient("passthrough://"+name+"/"+address, opts...)
		if err != nil {
			hangUp(channels)
			return nil, fmt.Errorf("make a channel to %s: %w", spec.Target, err)
		}
		channels = append(channels, c)
	}
	return channels, nil
}

// gated dials no address that the gate refuses, whatever the target's name resolves
// to by then.
func gated(gate allow.Gate) grpc.DialOption {
	dial := gate.Dial(&net.Dialer{})
	return grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		return dial(ctx, "tcp", address)
	})
}

func hangUp(channels []*grpc.ClientConn) {
	for _, c := range channels {
		c.Close()
	}
}

// give has ghz use our channels, which it closes at its end.
//
// Subtle: ghz makes its channels itself, with options of its own and no room for
// others; but it makes none if it has as many as it wants. Its list of them is no
// part of its API. give checks that it is what it was, and a test that ghz uses it.
func give(requester *ghz.Requester, channels []*grpc.ClientConn) error {
	list := reflect.ValueOf(requester).Elem().FieldByName("conns")
	if !list.IsValid() || list.Type() != reflect.TypeFor[[]*grpc.ClientConn]() {
		return errors.New("this version of ghz keeps no list of channels that could be given to it")
	}
	*(*[]*grpc.ClientConn)(list.Addr().UnsafePointer()) = channels
	return nil
}
