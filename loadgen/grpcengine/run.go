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

// run is the engine carrying out its attack: what ghz asks of us for each call.
type run struct {
	*engine
	gate  *gate
	pacer *pace.Pacer
	sink  loadgen.Sink
	stop  context.Context
	cut   context.Context

	channels channels
	flights  flights
	links    links
	flying   sync.WaitGroup
	fault    atomic.Pointer[error] // why the run cannot go on
	abort    context.CancelFunc    // ends stop, and cut after the grace
}

// errNotSent tells ghz to make no call. The reason stands in the record.
var errNotSent = errors.New("not sent")

// begin is ghz's turn to a call: the first that it asks of us for each. From then
// on the call has the number of its hit in the plan, which differs from ghz's count
// in a shard of a plan; templates see it too.
func (r *run) begin(call *ghz.CallData) ghz.StreamInterceptor {
	f := newFlight(r, r.pacer.Hit(uint64(call.RequestNumber)))
	call.RequestNumber = int64(f.record.Seq)
	r.flying.Add(1)
	r.flights.put(f)
	return f
}

// metadataFor gives a call its metadata.
func (r *run) metadataFor(call *ghz.CallData) (*metadata.MD, error) {
	f := r.flights.get(uint64(call.RequestNumber))
	if f == nil {
		return nil, errNotSent
	}
	if r.stop.Err() != nil {
		f.unsent(r.unsentReason())
		return nil, errNotSent
	}
	r.method.describe(call)
	md, err := r.metadata.fill(call)
	if err != nil {
		return nil, r.fail(f, err)
	}
	md[hitKey] = []string{strconv.FormatUint(f.record.Seq, 10)}
	sampled := r.setup.Sampler.Keeps(f.record.TraceID)
	if !f.sampled(sampled) {
		return nil, errNotSent
	}
	md["traceparent"] = []string{enginekit.TraceParent(f.record.TraceID, f.record.SpanID, sampled)}
	md["tracestate"] = []string{r.setup.TraceState(sampled)}
	if r.baggage != "" {
		md["baggage"] = append(md["baggage"], r.baggage)
	}
	return &md, nil
}

// messageFor gives a call the message of a client that sends one. A stream's
// messages are asked of its flight.
func (r *run) messageFor(call *ghz.CallData) ([]*token, error) {
	if r.method.sends() {
		return nil, nil
	}
	f := r.flights.get(uint64(call.RequestNumber))
	if f == nil {
		return nil, errNotSent
	}
	m, err := r.messages.at(f.record.Seq, call)
	if err != nil {
		return nil, r.fail(f, err)
	}
	f.loaded(m)
	return []*token{m}, nil
}

// fail ends the run for a fault of the plan that only this call brought to light.
func (r *run) fail(f *flight, err error) error {
	r.giveUp(err)
	f.unsent(loadgen.NotSentError)
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
	for _, f := range r.flights.all() {
		if f.begin < late {
			f.lapse()
		}
	}
}

// land ends whatever ghz has left.
func (r *run) land() {
	for _, f := range r.flights.all() {
		f.lapse()
	}
	r.flying.Wait()
}

func (r *run) now() time.Duration { return time.Since(r.setup.Clock) }

// flights are the calls under way, by number.
type flights [64]shard

type shard struct {
	mu   sync.Mutex // guards byNo
	byNo map[uint64]*flight
	_    [40]byte // keeps shards on cache lines of their own
}

func (s *flights) shard(n uint64) *shard { return &s[n%uint64(len(s))] }

func (s *flights) put(f *flight) {
	h := s.shard(f.record.Seq)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byNo == nil {
		h.byNo = map[uint64]*flight{}
	}
	h.byNo[f.record.Seq] = f
}

func (s *flights) get(n uint64) *flight {
	h := s.shard(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byNo[n]
}

func (s *flights) remove(n uint64) {
	h := s.shard(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.byNo, n)
}

func (s *flights) all() []*flight {
	var fs []*flight
	for i := range s {
		s[i].mu.Lock()
		for _, f := range s[i].byNo {
			fs = append(fs, f)
		}
		s[i].mu.Unlock()
	}
	return fs
}
