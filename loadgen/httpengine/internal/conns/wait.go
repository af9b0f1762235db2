package conns

import (
	"container/list"
	"context"
	"errors"
	"os"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// wait is a request that waits. All but served is guarded by the pool's mutex.
type wait struct {
	place    *list.Element // nil when it has been served
	dial     *dial         // that is expected to serve it; nil if there is none
	own      *dial         // that was started for it; nil if there is none
	dialed   int           // connections that were opened for it before
	limited  bool          // it shares dial because it may have none of its own
	tried    bool          // a dial that was to serve it failed
	first    *dial         // that it shared though it might have had its own
	since    time.Duration // it shares first
	final    bool          // it is the last of its connection
	again    bool          // it was sent before, and the target has not looked at it
	begin    time.Duration // of the request
	deadline time.Time
	bounded  bool // there is a deadline
	served   chan served
}

// served is what a request waited for: a connection or an error.
type served struct {
	conn   *conn
	reused bool
	own    bool // its own dial opened it
	err    error
}

// get gives an attempt a place on a connection, and waits for one if there is
// none.
func (p *pool) get(ctx context.Context, x *Exchange, a *attempt) error {
	p.mu.Lock()
	if p.waiting.Len() == 0 && p.set.base.Err() == nil {
		if c := p.take(); c != nil {
			got := p.admit(c, a.final, a.resent)
			p.unlock()
			x.hold(got, a)
			return nil
		}
	}
	w := p.queue(ctx, x, a)
	p.unlock()
	var got served
	select {
	case got = <-w.served:
	case <-ctx.Done():
		got = served{err: p.leave(ctx, w)}
	case <-p.set.base.Done():
		got = served{err: p.leave(p.set.base, w)}
	}
	if over := p.set.over(ctx); over != nil && got.conn != nil { // there is nothing to send any more
		p.refuse(w, got.conn)
		got = served{err: w.blame(over)}
	}
	w.fillExchange(x, got)
	if got.err != nil {
		return got.err
	}
	x.hold(got, a)
	return nil
}

// hold is called when an exchange has got its place.
func (x *Exchange) hold(got served, a *attempt) {
	c := got.conn
	a.conn, a.reused = c, got.reused
	if !c.many {
		a.has()
	}
	x.held, x.Reused, x.Local, x.Peer = c, got.reused, c.local, c.peer
}

// queue makes a request wait. The caller holds mu.
func (p *pool) queue(ctx context.Context, x *Exchange, a *attempt) *wait {
	w := &wait{final: a.final, again: a.resent, begin: x.Begin, served: make(chan served, 1)}
	w.deadline, w.bounded = ctx.Deadline()
	p.enqueue(w)
	p.waiters.Add(1)
	p.relist()
	p.serve()
	if w.place != nil {
		p.expect(w)
	}
	return w
}

// enqueue gives a request its place in the queue: the last, or, if it has been sent
// before, one in front of all that have not, in the order in which they began. At the
// end a target that gives up its connections often could send it away again and again.
// The caller holds mu.
func (p *pool) enqueue(w *wait) {
	if !w.again {
		w.place = p.waiting.PushBack(w)
		return
	}
	for e := p.waiting.Front(); e != nil; e = e.Next() {
		if other := e.Value.(*wait); !other.again || other.begin > w.begin {
			w.place = p.waiting.InsertBefore(w, e)
			return
		}
	}
	w.place = p.waiting.PushBack(w)
}

// relist looks whether HTTP/2 connections have got room while nobody waited.
func (p *pool) relist() {
	if !p.many {
		return
	}
	for c := range p.conns {
		p.list(c)
	}
}

// leave gives up waiting, and passes on what was given meanwhile. It returns why.
func (p *pool) leave(ctx context.Context, w *wait) error {
	p.mu.Lock()
	w.tried = w.tried || w.dial != nil && w.dial != w.own && !w.limited
	if w.place != nil {
		p.remove(w)
		p.unlock()
	} else {
		p.unlock()
		if got := <-w.served; got.conn != nil {
			p.refuse(w, got.conn)
		}
	}
	return w.blame(ctx.Err())
}

// blame is the error of a request whose context ended before it had its place. A
// dial for it, under way or over, was an attempt. So was one that it shared, unless
// it had to: then it waited for one of the most connections, as over HTTP/1.1.
func (w *wait) blame(over error) error {
	if w.tried || w.own != nil && w.own.begun.Load() || w.dialed > 0 {
		return over
	}
	return notSent(over)
}

// notSent is the error of a request that waited until its context ended.
func notSent(over error) error {
	if errors.Is(over, context.DeadlineExceeded) {
		return &NotSent{loadgen.NotSentConnectionWait}
	}
	return &NotSent{loadgen.NotSentStopped}
}

// remove takes a request out of the queue. The caller holds mu.
func (p *pool) remove(w *wait) {
	p.waiting.Remove(w.place)
	p.waiters.Add(-1)
	w.place = nil
	if w.dial != nil && w.dial.wait != w {
		w.dial.shared--
	}
}

// refuse gives back a place that was not used.
func (p *pool) refuse(w *wait, c *conn) {
	p.mu.Lock()
	defer p.unlock()
	c.starting.Add(-1)
	if w.again {
		c.urgent.Add(-1)
	}
	c.used--
	if c.active--; c.active == 0 && !c.dead {
		p.idle++
		if c.spent() {
			p.retire(c)
		}
	}
	p.list(c)
	p.serve()
}

// fillExchange puts into the exchange what its own dial saw: its times if they are those
// of the connection that it got, or if it got none.
func (w *wait) fillExchange(x *Exchange, got served) {
	d := w.own
	w.disown()
	x.Dialed += w.dialed
	if w.hung(got) {
		x.opening = w.first.still(w.since)
		return
	}
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if got.own || got.conn == nil {
		x.opening, x.Handshake, x.Local, x.Peer = d.at, d.handshake, d.local, d.peer
	}
	if got.own && w.first != nil && w.tried { // the dial before it came to nothing
		x.opening.DNS, x.opening.DNSDone, x.opening.Connect = 0, 0, w.since
	}
}

// hung reports whether a dial that it shared took its time to the end. A dial of its
// own may have begun when that one was given up, for the little that was left.
func (w *wait) hung(got served) bool {
	over := errors.Is(got.err, context.DeadlineExceeded) || errors.Is(got.err, os.ErrDeadlineExceeded)
	return over && got.conn == nil && w.first != nil && w.tried
}

// disown counts what its own dial has opened, before it has another or none.
func (w *wait) disown() {
	if w.own != nil {
		w.dialed += w.own.count()
		w.own = nil
	}
}

// anyWaits reports whether a request waits.
func (p *pool) anyWaits() bool { return p.waiters.Load() > 0 }
