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

// call is one request under way. ghz's worker, the goroutines of a stream and gRPC
// touch it, in any order at its end: what comes after the end is ignored.
type call struct {
	*run
	begin  time.Duration // when ghz turned to the call; moments are offsets from the run's clock
	over   chan struct{} // closed at the end, where a stream's sender may be waiting; else nil
	handed int           // messages of a stream handed over; its sender's alone

	ctx    callContext // of the call, here and not made for each
	stream uncommitted // the call, likewise

	mu              sync.Mutex // guards all below
	record          loadgen.Record
	marks           marks
	link            *link // of the last attempt
	conn            *tap  // its connection
	wait            wait
	streams         int // that were opened; more than one if gRPC tried again
	deadline        time.Time
	fault           error         // how the last attempt ended; nil if none did
	faulted         time.Duration // when; zero while it is not known
	responded       bool          // the target sent a header or a trailer
	headerReceived  bool          // the target sent a header
	sent            bool          // nothing more can be sent: the target has ended the stream
	trailerReceived bool          // the target sent a trailer, which ends the call
	answers         int           // messages received
	cancel          *time.Timer   // that cancels the call by plan, if set
	watched         bool
	ended           bool
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
	made        dialed        // of the connection, if the call was its first
}

func newCall(r *run, iteration pace.Iteration) *call {
	c := &call{run: r, begin: r.now()}
	c.record = loadgen.Record{
		Attack: r.setup.Index, Stage: iteration.Stage, Seq: iteration.Number,
		TraceID: r.setup.Run.TraceID(r.setup.Index, iteration.Number),
		SpanID:  r.setup.Run.SpanID(r.setup.Index, iteration.Number),
		Open:    iteration.Open, Intended: iteration.Intended, Target: &r.target,
	}
	if r.method.streams() {
		c.record.Stream = &loadgen.Stream{}
	}
	if r.method.sends() {
		c.over = make(chan struct{})
	}
	return c
}

// dialling notes that the call waits for a dial.
func (c *call) dialling(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wait = waitDial
	if c.marks.dial == 0 {
		c.marks.dial = c.now()
	}
	c.watch(ctx)
}

// unavailable notes that there is no connection, since the last dial failed. It is
// the end of a call that does not wait for ready.
func (c *call) unavailable(ctx context.Context, err *dialFault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wait != waitDial {
		c.wait = waitBackoff // also if it had a connection, which is gone
	}
	if c.marks.dial == 0 {
		c.marks.dial = c.now()
	}
	c.fault, c.faulted = err, 0
	c.watch(ctx)
}

// pauses reports whether the call waits, where there is no connection, until the target
// is dialled again. Calls of a closed loop do: they would otherwise fail as fast
// as they can be made. One whose own dial failed does not.
func (c *call) pauses(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.record.Open || c.wait == waitDial {
		return false
	}
	c.wait = waitBackoff
	if c.marks.dial == 0 {
		c.marks.dial = c.now()
	}
	c.watch(ctx)
	return true
}

// picked notes that the call has a connection, on which it may have to wait for a
// stream.
func (c *call) picked(l *link) {
	made, first, opened := l.carry()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		l.giveBack(opened)
		return
	}
	c.wait, c.link, c.conn, c.sent = waitStream, l, made.tap, false
	c.marks.had = c.now()
	c.record.Reused, c.marks.made = true, made // of which the phases take what the call waited for
	c.record.Local, c.record.Peer = made.local, made.peer
	if first {
		c.record.Reused = false
	}
	c.record.Dialed += opened
}

// opened notes that the call has a stream, so that it goes on the wire.
func (c *call) opened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.marks.conn = c.now()
	if c.streams++; c.streams > 1 {
		c.record.Resent++
	}
}

// headersReceived notes that the target sent a header or, in the end, a trailer.
func (c *call) headersReceived(trailer bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.responded, c.trailerReceived, c.headerReceived = true, c.trailerReceived || trailer, c.headerReceived || !trailer
}

// attempted notes that an attempt has ended. gRPC may try again, unseen by the
// target, when it failed; so a failure only counts once the call is over.
//
// Subtle: where a message cannot be sent since the stream has ended, gRPC says that the
// attempt ended without an error, whatever the target's status. The status then comes with
// the next that is received.
func (c *call) attempted(ctx context.Context, d balancer.DoneInfo) {
	if !d.BytesSent && d.Err == nil {
		return // the connection broke before the call began on it
	}
	c.mu.Lock()
	c.fault, c.faulted = d.Err, c.now()
	if d.Err != nil {
		c.watch(ctx)
		c.mu.Unlock()
		return
	}
	if c.method.sends() {
		c.sent = true
		c.watch(ctx)
		c.mu.Unlock()
		return
	}
	c.end(c.answered())
}

// received notes the end of what can be received of a call, with its status: io.EOF is OK.
func (c *call) received(err error) {
	c.mu.Lock()
	if !c.sent || c.ended {
		c.mu.Unlock()
		return
	}
	c.faulted = c.now()
	if err == io.EOF {
		c.end(c.answered())
		return
	}
	c.fault = err
	c.end(c.missed())
}

// watch ends the call when gRPC is done with the call, unless it has ended by
// then. It is called with the lock.
func (c *call) watch(ctx context.Context) {
	if c.watched {
		return
	}
	c.watched = true
	c.deadline, _ = ctx.Deadline()
	context.AfterFunc(ctx, c.done)
}

// done follows the end of an attempt's context. Of a call whose status is still to be
// received gRPC ends it before that; then it is over when ghz is done with it.
func (c *call) done() {
	c.mu.Lock()
	wait := c.sent && !c.ended && c.ctx.Err() == nil
	c.mu.Unlock()
	if wait {
		context.AfterFunc(c.ctx.Context, c.expire)
		return
	}
	c.expire()
}

// expire ends a call that is over without the target's OK.
func (c *call) expire() {
	c.mu.Lock()
	if c.ended { // the ending would take another call's status
		c.mu.Unlock()
		return
	}
	if c.faulted == 0 {
		c.faulted = c.now()
	}
	c.end(c.missed())
}

// arm has the call cancelled when its life is over.
func (c *call) arm(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancel = time.AfterFunc(c.begin+c.life-c.now(), cancel)
	return ctx
}

// sampled notes whether the call gets a span. It reports false where the call has ended,
// since its time was over before ghz came to make it: its record is the sink's.
func (c *call) sampled(yes bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.record.Unsampled = !yes
	}
	return !c.ended
}

// unsent ends a call that was not sent.
func (c *call) unsent(why loadgen.NotSentReason) {
	c.mu.Lock()
	c.end(unsent(why))
}

// end makes the record of the call. It is called with the lock, and returns
// without.
func (c *call) end(v ending) {
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.ended = true
	if c.cancel != nil {
		c.cancel.Stop()
	}
	c.complete(v)
	c.mu.Unlock()

	c.calls.remove(c.record.Seq)
	if c.over != nil {
		close(c.over)
	}
	c.sink(&c.record)
	c.pacer.Done()
	c.gate.release()
	c.pending.Done()
}

func (c *call) complete(v ending) {
	r := &c.record
	if c.conn == nil { // it waited for a connection
		r.Dialed += c.links.claim()
	}
	r.Outcome, r.NotSent = v.outcome, v.notSent
	if v.outcome == loadgen.NotSent {
		r.Stream, r.BytesSent, r.Reused = nil, 0, false
		return
	}
	r.Sent = c.setup.Clock.Add(c.begin)
	r.Done = c.setup.Clock.Add(c.faulted)
	if !r.Open {
		r.Intended = r.Sent
	}
	r.Status, r.Error, r.ErrorText = v.status, v.kind, v.text
	if v.outcome == loadgen.Finished && v.status != 0 && c.firsts.First(v.status) {
		r.Excerpt = enginekit.Excerpt([]byte(status.Convert(c.fault).Message()))
	}
	r.Phases = c.marks.phases(c.begin, c.faulted)
	if c.marks.conn == 0 {
		r.BytesSent = 0
	}
}

// loaded notes the one message that the call sends.
func (c *call) loaded(m *token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(m)
}

// count notes a message that is sent. Nothing is written into the record of a call that
// has ended, which is the sink's. It is called with the lock.
func (c *call) count(m *token) {
	if c.ended {
		return
	}
	c.record.BytesSent += int64(len(letter(m)))
	if s := c.record.Stream; s != nil {
		s.Sent++
	}
}
