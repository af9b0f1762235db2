package grpcengine

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
)

// policy is the name of the load-balancing policy that ghz is told to use.
const policy = "loadtrace_observed"

// gRPC knows policies by name in one table of the process, which must not be
// written to once a connection exists. So there is one policy for all runs, and
// each connection finds its run by the authority of its target, which names it.
func init() { balancer.Register(builder{}) }

// attached holds the runs under way by name, for connections to find theirs.
var attached sync.Map

type builder struct{}

func (builder) Name() string { return policy }

func (builder) Build(cc balancer.ClientConn, o balancer.BuildOptions) balancer.Balancer {
	inner := balancer.Get(roundrobin.Name)
	r, ok := attached.Load(o.Target.URL.Host)
	if !ok {
		return inner.Build(cc, o)
	}
	conn := &observed{ClientConn: cc, run: r.(*run), links: map[balancer.SubConn]*link{}}
	conn.run.conns.add(conn)
	return inner.Build(conn, o)
}

// observed is the connection as round_robin sees it.
type observed struct {
	balancer.ClientConn
	run *run

	mu    sync.RWMutex // guards links
	links map[balancer.SubConn]*link
}

// NewSubConn implements balancer.ClientConn. It puts credentials around the
// connection's own that see it being made.
func (o *observed) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	l := &link{clock: o.run.setup.Clock, admit: o.run.admit}
	listen := opts.StateListener
	var sc balancer.SubConn
	opts.StateListener = func(s balancer.SubConnState) {
		switch s.ConnectivityState {
		case connectivity.Connecting:
			l.connecting()
		case connectivity.Shutdown:
			o.forget(sc)
		}
		if listen != nil {
			listen(s)
		}
	}
	//lint:ignore SA1019 the newer way, by an address' attributes, needs credentials of the dialer's own
	opts.CredsBundle = bundle{watched{TransportCredentials: o.run.creds, link: l}}
	//lint:ignore SA1019 the policy that asks for several addresses is gRPC's own
	sc, err := o.ClientConn.NewSubConn(addrs, opts)
	if err == nil {
		o.mu.Lock()
		o.links[sc] = l
		o.mu.Unlock()
	}
	return sc, err
}

func (o *observed) forget(sc balancer.SubConn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.links, sc)
}

func (o *observed) link(sc balancer.SubConn) *link {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.links[sc]
}

// UpdateState implements balancer.ClientConn.
func (o *observed) UpdateState(s balancer.State) {
	s.Picker = &picker{Picker: s.Picker, conn: o}
	o.ClientConn.UpdateState(s)
}

// shut reports the connection as shut down, though calls under way may go on.
//
// Subtle: ghz closes a connection and then waits for it to say that it is shut
// down. It may miss the moment, and wait for ten seconds. It does not when the
// connection has said so before.
func (o *observed) shut() {
	o.ClientConn.UpdateState(balancer.State{
		ConnectivityState: connectivity.Shutdown, Picker: base.NewErrPicker(errShut),
	})
}

var errShut = errors.New("the run's connections are closed")

// connections are those of a run.
type connections struct {
	mu   sync.Mutex // guards all and shut
	all  []*observed
	shut bool
}

func (c *connections) add(o *observed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, o)
	if c.shut {
		o.shut()
	}
}

func (c *connections) shutAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	for _, o := range c.all {
		o.shut()
	}
}

// picker chooses the connection of each call, and tells the call's flight.
type picker struct {
	balancer.Picker
	conn *observed
}

// Pick implements balancer.Picker.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	f := p.conn.run.flightOf(info.Ctx)
	result, err := p.Picker.Pick(info)
	switch {
	case f == nil:
	case err != nil:
		f.blocked(info.Ctx, err)
	default:
		f.picked(p.conn.link(result.SubConn))
		done := result.Done
		result.Done = func(d balancer.DoneInfo) {
			if done != nil {
				done(d)
			}
			f.attempted(info.Ctx, d)
		}
	}
	return result, err
}

// hitKey is the metadata by which a call tells the number of its hit. gRPC sends
// no metadata whose key begins with a colon.
const hitKey = ":loadtrace-hit"

// hitOf is the number that a call's metadata tell, as text.
func hitOf(ctx context.Context) string {
	md, _ := metadata.FromOutgoingContext(ctx)
	if v := md[hitKey]; len(v) == 1 {
		return v[0]
	}
	return ""
}
