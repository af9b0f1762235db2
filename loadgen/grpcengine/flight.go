package grpcengine

import (
	"context"
	"io"
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

	ctx    tagged      // of the call, here and not made for each
	stream uncommitted // the call, likewise

	mu       sync.Mutex // guards all below
	record   loadgen.Record
	marks    marks
	link     *link // of the last attempt
	conn     *tap  // its connection
	wait     wait
	streams  int // that were opened; more than one if gRPC tried again
	deadline time.Time
	fault    error         // how the last attempt ended; nil if none did
	faulted  time.Duration // when; zero while it is not known
	heard    bool          // the target sent a header or a trailer
	spoke    bool          // the target sent a header
	sent     bool          // nothing more can be sent: the target has ended the stream
	ruled    bool          // the target sent a trailer, which ends the call
	answers  int           // messages received
	cancel   *time.Timer   // that cancels the call by plan, if set
	watched  bool
	ended    bool
}

// wait is what a call waits for, or waited for last, before it has a stream.
type wait uint8

const (
	waitTurn    wait = iota // for gRPC to turn to it
	waitBackoff             // for nothing that was attempted: the time to dial again has not come
	waitDial                // for a dial, which is the call's attempt
	waitStream              // for a stream of a connection
)

// marks are the moments of a call that have come so far, zero if not.
type marks struct {
	dial        time.Duration // it began to wait for a dial, or for the time to dial again
	had         time.Duration // it had a connection
	conn        time.Duration // it had a stream of a connection
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

// dialling notes that the call waits for a dial.
func (f *flight) dialling(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wait = waitDial
	if f.marks.dial == 0 {
		f.marks.dial = f.now()
	}
	f.watch(ctx)
}

// turnedAway notes that there is no connection, since the last dial failed. It is
// the end of a call that does not wait for ready.
func (f *flight) turnedAway(ctx context.Context, err *dialFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wait != waitDial {
		f.wait = waitBackoff // also if it had a connection, which is gone
	}
	if f.marks.dial == 0 {
		f.marks.dial = f.now()
	}
	f.fault, f.faulted = err, 0
	f.watch(ctx)
}

// pauses reports whether the call waits, where there is no connection, until the target
// is dialled again. Calls of a closed loop do: they would otherwise be turned away as fast
// as they can be made. One whose own dial failed does not.
func (f *flight) pauses(ctx context.Context) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.record.Open || f.wait == waitDial {
		return false
	}
	f.wait = waitBackoff
	if f.marks.dial == 0 {
		f.marks.dial = f.now()
	}
	f.watch(ctx)
	return true
}

// picked notes that the call has a connection, on which it may have to wait for a
// stream.
func (f *flight) picked(l *link) {
	made, first, opened := l.carry()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		l.giveBack(opened)
		return
	}
	f.wait, f.link, f.conn, f.sent = waitStream, l, made.tap, false
	f.marks.had = f.now()
	f.record.Reused, f.marks.made = true, made // of which the phases take what the call waited for
	f.record.Local, f.record.Peer = made.local, made.peer
	if first {
		f.record.Reused = false
	}
	f.record.Dialed += opened
}

// opened notes that the call has a stream, so that it goes on the wire.
func (f *flight) opened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return
	}
	f.marks.conn = f.now()
	if f.streams++; f.streams > 1 {
		f.record.Resent++
	}
}

// hear notes that the target sent a header or, in the end, a trailer.
func (f *flight) hear(trailer bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard, f.ruled, f.spoke = true, f.ruled || trailer, f.spoke || !trailer
}

// attempted notes that an attempt has ended. gRPC may try again, unseen by the
// target, when it failed; so a failure only counts once the call is over.
//
// Subtle: where a message cannot be sent since the stream has ended, gRPC says that the
// attempt ended without an error, whatever the target's status. The status then comes with
// the next that is received.
func (f *flight) attempted(ctx context.Context, d balancer.DoneInfo) {
	if !d.BytesSent && d.Err == nil {
		return // the connection broke before the call began on it
	}
	f.mu.Lock()
	f.fault, f.faulted = d.Err, f.now()
	if d.Err != nil {
		f.watch(ctx)
		f.mu.Unlock()
		return
	}
	if f.method.sends() {
		f.sent = true
		f.watch(ctx)
		f.mu.Unlock()
		return
	}
	f.end(f.answered())
}

// received notes the end of what can be received of a call, with its status: io.EOF is OK.
func (f *flight) received(err error) {
	f.mu.Lock()
	if !f.sent || f.ended {
		f.mu.Unlock()
		return
	}
	f.faulted = f.now()
	if err == io.EOF {
		f.end(f.answered())
		return
	}
	f.fault = err
	f.end(f.missed())
}

// watch ends the flight when gRPC is done with the call, unless it has ended by
// then. It is called with the lock.
func (f *flight) watch(ctx context.Context) {
	if f.watched {
		return
	}
	f.watched = true
	f.deadline, _ = ctx.Deadline()
	context.AfterFunc(ctx, f.done)
}

// done follows the end of an attempt's context. Of a call whose status is still to be
// received gRPC ends it before that; then it is over when ghz is done with it.
func (f *flight) done() {
	f.mu.Lock()
	wait := f.sent && !f.ended && f.ctx.Err() == nil
	f.mu.Unlock()
	if wait {
		context.AfterFunc(f.ctx.Context, f.lapse)
		return
	}
	f.lapse()
}

// lapse ends a call that is over without the target's OK.
func (f *flight) lapse() {
	f.mu.Lock()
	if f.ended { // the verdict would take another call's answer
		f.mu.Unlock()
		return
	}
	if f.faulted == 0 {
		f.faulted = f.now()
	}
	f.end(f.missed())
}

// arm has the call cancelled when its life is over.
func (f *flight) arm(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancel = time.AfterFunc(f.begin+f.life-f.now(), cancel)
	return ctx
}

// sampled notes whether the call gets a span. It reports false where the call has ended,
// since its time was over before ghz came to make it: its record is the sink's.
func (f *flight) sampled(yes bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.record.Unsampled = !yes
	}
	return !f.ended
}

// unsent ends a flight of which no call was made.
func (f *flight) unsent(why loadgen.NotSentReason) {
	f.mu.Lock()
	f.end(unsent(why))
}

// end makes the record of the flight. It is called with the lock, and returns
// without.
func (f *flight) end(v verdict) {
	if f.ended {
		f.mu.Unlock()
		return
	}
	f.ended = true
	if f.cancel != nil {
		f.cancel.Stop()
	}
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
	if f.conn == nil { // it waited for a connection
		r.Dialed += f.links.claim()
	}
	r.Outcome, r.NotSent = v.outcome, v.notSent
	if v.outcome == loadgen.NotSent {
		r.Stream, r.BytesSent, r.Reused = nil, 0, false
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

// loaded notes the one message that the call sends.
func (f *flight) loaded(m *token) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(m)
}

// count notes a message that is sent. Nothing is written into the record of a call that
// has ended, which is the sink's. It is called with the lock.
func (f *flight) count(m *token) {
	if f.ended {
		return
	}
	f.record.BytesSent += int64(len(letter(m)))
	if s := f.record.Stream; s != nil {
		s.Sent++
	}
}
