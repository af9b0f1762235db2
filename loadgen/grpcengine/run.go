package grpcengine

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	ghz "github.com/bojand/ghz/runner"
	"google.golang.org/grpc/metadata"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// run is one run of an engine's attack: it implements what ghz calls for each call.
type run struct {
	*engine
	gate  *gate
	pacer *pace.Pacer
	sink  loadgen.Sink
	stop  context.Context
	cut   context.Context

	channels channels
	calls    calls
	links    links
	pending  sync.WaitGroup
	fault    atomic.Pointer[error] // why the run cannot go on
	abort    context.CancelFunc    // ends stop, and cut after the grace
}

// errNotSent tells ghz to make no call. The reason stands in the record.
var errNotSent = errors.New("not sent")

// begin is ghz's turn to a call: the first that it asks of us for each. From then
// on the call has the number of its request in the plan, which differs from ghz's count
// in a shard of a plan; templates see it too.
func (r *run) begin(call *ghz.CallData) ghz.StreamInterceptor {
	c := newCall(r, r.pacer.Iteration(uint64(call.RequestNumber)))
	call.RequestNumber = int64(c.record.Seq)
	r.pending.Add(1)
	r.calls.put(c)
	return c
}

// metadataFor gives a call its metadata.
func (r *run) metadataFor(call *ghz.CallData) (*metadata.MD, error) {
	c := r.calls.get(uint64(call.RequestNumber))
	if c == nil {
		return nil, errNotSent
	}
	if r.stop.Err() != nil {
		c.unsent(r.unsentReason())
		return nil, errNotSent
	}
	r.method.describe(call)
	md, err := r.metadata.fill(call)
	if err != nil {
		return nil, r.fail(c, err)
	}
	md[sequenceKey] = []string{strconv.FormatUint(c.record.Seq, 10)}
	sampled := r.setup.Sampler.Keeps(c.record.TraceID)
	if !c.sampled(sampled) {
		return nil, errNotSent
	}
	md["traceparent"] = []string{enginekit.TraceParent(c.record.TraceID, c.record.SpanID, sampled)}
	md["tracestate"] = []string{r.setup.TraceState(sampled)}
	if r.baggage != "" {
		md["baggage"] = append(md["baggage"], r.baggage)
	}
	return &md, nil
}

// messageFor gives a call the message of a client that sends one. A stream's
// messages are asked for later, in Send.
func (r *run) messageFor(call *ghz.CallData) ([]*token, error) {
	if r.method.sends() {
		return nil, nil
	}
	c := r.calls.get(uint64(call.RequestNumber))
	if c == nil {
		return nil, errNotSent
	}
	m, err := r.messages.at(c.record.Seq, call)
	if err != nil {
		return nil, r.fail(c, err)
	}
	c.loaded(m)
	return []*token{m}, nil
}

// fail ends the run for a fault of the plan that only this call brought to light.
func (r *run) fail(c *call, err error) error {
	r.giveUp(err)
	c.unsent(loadgen.NotSentError)
	return errNotSent
}

func (r *run) giveUp(err error) {
	r.fault.CompareAndSwap(nil, &err)
	r.abort()
	r.pacer.Stop()
}

func (r *run) unsentReason() loadgen.NotSentReason {
	if r.fault.Load() != nil {
		return loadgen.NotSentError
	}
	return loadgen.NotSentStopped
}

// expire ends the calls that must have ended, since their time was over a while
// ago: such as never got as far as to ask for a connection.
func (r *run) expire() {
	late := r.now() - r.life - sweep
	for _, c := range r.calls.all() {
		if c.begin < late {
			c.expire()
		}
	}
}

// drain ends whatever ghz has left.
func (r *run) drain() {
	for _, c := range r.calls.all() {
		c.expire()
	}
	r.pending.Wait()
}

func (r *run) now() time.Duration { return time.Since(r.setup.Clock) }

// calls are the calls under way, by number.
type calls [64]shard

type shard struct {
	mu   sync.Mutex // guards byNo
	byNo map[uint64]*call
	_    [40]byte // keeps shards on cache lines of their own
}

func (s *calls) shard(n uint64) *shard { return &s[n%uint64(len(s))] }

func (s *calls) put(c *call) {
	h := s.shard(c.record.Seq)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byNo == nil {
		h.byNo = map[uint64]*call{}
	}
	h.byNo[c.record.Seq] = c
}

func (s *calls) get(n uint64) *call {
	h := s.shard(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byNo[n]
}

func (s *calls) remove(n uint64) {
	h := s.shard(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.byNo, n)
}

func (s *calls) all() []*call {
	var fs []*call
	for i := range s {
		s[i].mu.Lock()
		for _, c := range s[i].byNo {
			fs = append(fs, c)
		}
		s[i].mu.Unlock()
	}
	return fs
}
