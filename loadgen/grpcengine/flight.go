package grpcengine

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// flight is one hit under way. ghz's worker, the goroutines of a stream and gRPC
// touch it, in any order at its end: what comes after the end is ignored.
type flight struct {
	*run
	begin  time.Duration // when ghz turned to the call; moments are offsets from the run's clock
	over   chan struct{} // closed at the end, where a stream's sender may be waiting; else nil
	handed int           // messages of a stream handed over; its sender's alone

	mu       sync.Mutex // guards all below
	record   loadgen.Record
	marks    marks
	deadline time.Time
	fault    error         // how the last attempt ended; nil if none did
	faulted  time.Duration // when; zero while it is not known
	heard    bool          // the target sent bytes
	answers  int           // messages received
	watched  bool
	ended    bool
}

// marks are the moments of a call that have come so far, zero if not.
type marks struct {
	conn        time.Duration // it had a connection
	wrote       time.Duration // its last message was handed over
	first, last time.Duration // messages received
	made        making        // of the connection, if the call was its first
}

func newFlight(r *run, hit pace.Hit) *flight {
	f := &flight{run: r, begin: r.now()}
	f.record = loadgen.Record{
		Attack: r.setup.Index, Stage: hit.Stage, Seq: hit.Number,
		TraceID: r.setup.Run.TraceID(r.setup.Index, hit.Number),
		SpanID:  r.setup.Run.SpanID(r.setup.Index, hit.Number),
		Open:    hit.Open, Intended: hit.Intended, Target: &r.target,
	}
	if r.method.streams() {
		f.record.Stream = &loadgen.Stream{}
	}
	if r.method.sends() {
		f.over = make(chan struct{})
	}
	return f
}

// blocked tells that there is no connection for the call yet, or none at all.
func (f *flight) blocked(ctx context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != balancer.ErrNoSubConnAvailable {
		f.fault, f.faulted = err, 0 // not the end, if the call may wait
	}
	f.watch(ctx)
}

// picked tells that the call has a connection.
func (f *flight) picked(l *link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marks.conn, f.record.Reused = f.now(), true
	if l == nil {
		return
	}
	made, first := l.carry()
	f.record.Local, f.record.Peer = made.local, made.peer
	if first {
		f.marks.made, f.record.Reused, f.record.Dialed = made, false, 1
	}
}

// attempted tells that an attempt has ended. gRPC may try again, unseen by the
// target, when it failed; so a failure only counts once the call is over.
func (f *flight) attempted(ctx context.Context, d balancer.DoneInfo) {
	if !d.BytesSent && d.Err == nil {
		return // the connection broke before the call began on it
	}
	f.mu.Lock()
	f.heard = f.heard || d.BytesReceived
	f.fault, f.faulted = d.Err, f.now()
	if d.Err != nil {
		f.watch(ctx)
		f.mu.Unlock()
		return
	}
	f.end(f.answered())
}

// watch ends the flight when gRPC is done with the call, unless it has ended by
// then. It is called with the lock.
func (f *flight) watch(ctx context.Context) {
	if f.watched {
		return
	}
	f.watched = true
	f.deadline, _ = ctx.Deadline()
	context.AfterFunc(ctx, f.lapse)
}

// lapse ends a call that is over without the target's OK.
func (f *flight) lapse() {
	f.mu.Lock()
	if f.faulted == 0 {
		f.faulted = f.now()
	}
	f.end(f.missed())
}

// unsent ends a flight of which no call was made.
func (f *flight) unsent(why loadgen.NotSentReason) {
	f.mu.Lock()
	f.end(verdict{outcome: loadgen.NotSent, notSent: why})
}

// end makes the record of the flight. It is called with the lock, and returns
// without.
func (f *flight) end(v verdict) {
	if f.ended {
		f.mu.Unlock()
		return
	}
	f.ended = true
	f.complete(v)
	f.mu.Unlock()

	f.flights.remove(f.record.Seq)
	if f.over != nil {
		close(f.over)
	}
	f.sink(&f.record)
	f.pacer.Done()
	f.gate.release()
	f.flying.Done()
}

func (f *flight) complete(v verdict) {
	r := &f.record
	r.Outcome, r.NotSent = v.outcome, v.notSent
	if v.outcome == loadgen.NotSent {
		r.Stream, r.BytesSent = nil, 0
		return
	}
	r.Sent = f.setup.Clock.Add(f.begin)
	r.Done = f.setup.Clock.Add(f.faulted)
	if !r.Open {
		r.Intended = r.Sent
	}
	r.Status, r.Error, r.ErrorText = v.status, v.kind, v.text
	if v.outcome == loadgen.Finished && v.status != 0 && f.firsts.First(v.status) {
		r.Excerpt = enginekit.Excerpt([]byte(status.Convert(f.fault).Message()))
	}
	r.Phases = f.marks.phases(f.begin, f.faulted)
	if f.marks.conn == 0 {
		r.BytesSent = 0
	}
}

// loaded tells of the one message that the call sends.
func (f *flight) loaded(m *token) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(m)
}

func (f *flight) count(m *token) {
	f.record.BytesSent += int64(len(letter(m)))
	if s := f.record.Stream; s != nil {
		s.Sent++
	}
}
