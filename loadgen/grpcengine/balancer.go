package grpcengine

import (
	"cmp"
	"errors"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/loadtrace/loadtrace/loadgen"
)

// policy is the name of the load-balancing policy of the run's channels.
const policy = "loadtrace_observed"

// gRPC knows policies by name in one table of the process, which must not be
// written to once a connection exists. So there is one policy for all runs, and
// each channel finds its run by the authority of its target, which names it.
func init() { balancer.Register(builder{}) }

// LogMark stands in each line that gRPC logs of a dial of an attack, so that they can be
// told from those of others: gRPC has one logger in a process.
const LogMark = "loadtrace.attack"

// mark is an attribute of the addresses that attacks dial. gRPC logs them with those.
type mark struct{}

func (mark) String() string { return LogMark }

// attached holds the runs under way by name, for channels to find theirs.
var attached sync.Map

type builder struct{}

func (builder) Name() string { return policy }

func (builder) Build(cc balancer.ClientConn, o balancer.BuildOptions) balancer.Balancer {
	r, ok := attached.Load(o.Target.URL.Host)
	if !ok {
		return balancer.Get(pickfirst.Name).Build(cc, o)
	}
	c := &channel{cc: cc, run: r.(*run)}
	c.run.channels.add(c)
	return c
}

// channel is one connection of the plan, and again the one that replaces it when
// it broke. It dials when a call wants it to, and not before the backoff after a
// dial that failed is over; until then calls that do not wait for ready fail
// at once.
//
// Subtle: gRPC's own policies answer calls with the error of the last dial while
// the next one is under way. To a load test that is a target that is up and
// refuses; so here calls wait for a dial that is under way, and share its end.
type channel struct {
	cc   balancer.ClientConn
	run  *run
	sc   balancer.SubConn // set once; gRPC calls the balancer one call at a time
	link *link

	mu     sync.Mutex // guards closed, and orders what is published
	closed bool
}

// UpdateClientConnState implements balancer.Balancer. The target is passed through,
// so there is one address, which does not change.
func (c *channel) UpdateClientConnState(s balancer.ClientConnState) error {
	if c.sc != nil {
		return nil
	}
	c.link = &link{clock: c.run.setup.Clock, answers: &answers{}}
	c.run.links.add(c.link)
	var addrs []resolver.Address
	for _, e := range s.ResolverState.Endpoints {
		for _, a := range e.Addresses {
			a.Attributes = a.Attributes.WithValue(mark{}, mark{})
			addrs = append(addrs, a)
		}
	}
	//lint:ignore SA1019 there is one address
	sc, err := c.cc.NewSubConn(addrs, balancer.NewSubConnOptions{
		StateListener: c.changed,
		//lint:ignore SA1019 the newer way, by an address' attributes, needs credentials of the dialer's own
		CredsBundle: bundle{watched{TransportCredentials: c.run.creds, link: c.link}},
	})
	if err != nil {
		return err
	}
	c.sc = sc
	c.publish(connectivity.Idle, nil)
	return nil
}

// changed follows the connection.
func (c *channel) changed(s balancer.SubConnState) {
	switch s.ConnectivityState {
	case connectivity.Shutdown:
		return
	case connectivity.Connecting:
		c.link.connecting()
	}
	c.publish(s.ConnectivityState, s.ConnectionError)
}

// publish gives gRPC the picker of a state.
func (c *channel) publish(state connectivity.State, err error) {
	p := &picker{link: c.link, state: state, result: balancer.PickResult{SubConn: c.sc}}
	if state == connectivity.TransientFailure {
		p.fault = newDialFault(err, c.link)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.cc.UpdateState(balancer.State{ConnectivityState: state, Picker: p})
	}
}

// ResolverError implements balancer.Balancer. Nothing is resolved.
func (c *channel) ResolverError(error) {}

// UpdateSubConnState implements balancer.Balancer.
func (c *channel) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// ExitIdle implements balancer.Balancer. Calls dial.
func (c *channel) ExitIdle() {}

// Close implements balancer.Balancer.
func (c *channel) Close() {
	if c.sc != nil {
		c.sc.Shutdown()
	}
}

// shut reports the channel as shut down, though calls under way may go on.
//
// Subtle: ghz closes a channel and then waits for it to say that it is shut
// down. It may miss the moment, and wait for ten seconds. It does not when the
// channel has said so before.
func (c *channel) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.cc.UpdateState(balancer.State{
		ConnectivityState: connectivity.Shutdown, Picker: base.NewErrPicker(errShut),
	})
}

var errShut = errors.New("the run's connections are closed")

// channels are those of a run.
type channels struct {
	mu     sync.Mutex // guards all and closed
	all    []*channel
	closed bool
}

func (c *channels) add(one *channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
	if c.closed {
		one.shut()
	}
}

func (c *channels) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, one := range c.all {
		one.shut()
	}
}

// picker answers calls while the channel is in one state, and reports to their
// calls.
type picker struct {
	link   *link
	state  connectivity.State
	fault  *dialFault // why there is no connection, in a backoff
	result balancer.PickResult
}

// Pick implements balancer.Picker.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	c := callFrom(info.Ctx)
	switch p.state {
	case connectivity.Ready:
		if c == nil {
			return p.result, nil
		}
		c.picked(p.link)
		result := p.result
		result.Done = func(d balancer.DoneInfo) { c.attempted(info.Ctx, d) }
		return result, nil
	case connectivity.TransientFailure:
		if c != nil {
			if c.pauses(info.Ctx) {
				return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
			}
			c.unavailable(info.Ctx, p.fault)
		}
		return balancer.PickResult{}, p.fault
	case connectivity.Idle:
		p.result.SubConn.Connect()
	}
	if c != nil {
		c.dialling(info.Ctx)
	}
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}

// dialFault is the error of a dial that failed.
type dialFault struct {
	cause  error
	kind   loadgen.ErrorKind
	advice string // if what the target said is known
}

func newDialFault(cause error, l *link) *dialFault {
	d := &dialFault{cause: cause, kind: dialKind(cause)}
	switch d.kind {
	case loadgen.ErrorClosed, loadgen.ErrorReset, loadgen.ErrorProtocol: // there was a connection
		began := l.greeting()
		d.kind, d.advice = cmp.Or(began.kind, d.kind), began.advice
	}
	return d
}

func (d *dialFault) Error() string {
	if d.advice != "" {
		return d.advice + " (" + d.cause.Error() + ")"
	}
	return d.cause.Error()
}

func (d *dialFault) Unwrap() error { return d.cause }
