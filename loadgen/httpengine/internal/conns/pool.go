package conns

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// streams is how many streams an HTTP/2 connection is expected to allow before
// one of the origin has said so: what RFC 9113 recommends as the least.
const streams = 100

// pool is the connections of one origin.
type pool struct {
	set    *Set
	origin origin
	users  int // guarded by the set's mutex

	waiters atomic.Int32 // length of waiting

	mu      sync.Mutex // guards all below
	open    int        // connections that are open or being opened
	conns   map[*conn]struct{}
	free    []*conn    // those that may have room, the last used at the end
	waiting *list.List // of *wait, in the order in which they came
	dials   []*dial    // under way, and those whose connection is not settled
	many    bool       // the origin speaks HTTP/2
	each    int        // how many requests a connection takes at a time
	idle    int        // connections that nobody uses
	out     []*conn    // to be closed when mu is not held
}

// wait is a request that waits. All but served is guarded by the pool's mutex.
type wait struct {
	place    *list.Element // nil when it has been served
	dial     *dial         // that is expected to serve it; nil if there is none
	own      *dial         // that was started for it; nil if there is none
	dialed   int           // connections that were opened for it before
	tried    bool          // a dial that was to serve it failed
	final    bool          // it is the last of its connection
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

func newPool(s *Set, o origin) *pool {
	p := &pool{set: s, origin: o, conns: map[*conn]struct{}{}, waiting: list.New(), each: streams, many: s.strict()}
	if !s.options.KeepAlive {
		p.each = 1
	}
	return p
}

// errClosed says that a connection was of no use.
var errClosed = fmt.Errorf("the target closed the connection at once: %w", io.EOF)

// get gives an attempt a place on a connection, and waits for one if there is
// none.
func (p *pool) get(ctx context.Context, x *Exchange, a *attempt) error {
	p.mu.Lock()
	if p.waiting.Len() == 0 && p.set.base.Err() == nil {
		if c := p.take(); c != nil {
			got := p.admit(c, a.final)
			p.unlock()
			x.hold(got, a)
			return nil
		}
	}
	w := p.queue(ctx, a.final)
	p.unlock()
	var got served
	select {
	case got = <-w.served:
	case <-ctx.Done():
		got = served{err: p.leave(ctx, w)}
	case <-p.set.base.Done():
		got = served{err: p.leave(p.set.base, w)}
	}
	w.tell(x, got)
	if over := p.set.over(ctx); over != nil && got.conn != nil { // there is nothing to send any more
		p.refuse(got.conn)
		return notSent(over)
	}
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
func (p *pool) queue(ctx context.Context, final bool) *wait {
	w := &wait{final: final, served: make(chan served, 1)}
	w.deadline, w.bounded = ctx.Deadline()
	w.place = p.waiting.PushBack(w)
	p.waiters.Add(1)
	p.relist()
	p.serve()
	if w.place != nil {
		p.expect(w)
	}
	return w
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
	tried := w.dial != nil || w.tried
	if w.place != nil {
		p.remove(w)
		p.unlock()
	} else {
		p.unlock()
		if got := <-w.served; got.conn != nil {
			p.refuse(got.conn)
		}
	}
	if tried {
		return ctx.Err() // a dial for it was under way, or failed
	}
	return notSent(ctx.Err())
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
func (p *pool) refuse(c *conn) {
	p.mu.Lock()
	defer p.unlock()
	c.starting.Add(-1)
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

// tell puts into the exchange what its own dial saw: its times if they are those
// of the connection that it got, or if it got none.
func (w *wait) tell(x *Exchange, got served) {
	x.Dialed += w.dialed
	d := w.own
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.connected {
		x.Dialed++
	}
	if got.own || got.conn == nil {
		x.opening, x.Handshake, x.Local, x.Peer = d.at, d.handshake, d.local, d.peer
	}
}

// anyWaits reports whether a request waits.
func (p *pool) anyWaits() bool { return p.waiters.Load() > 0 }

// take is a connection with room, or nil. The caller holds mu.
func (p *pool) take() *conn {
	for n := len(p.free); n > 0; n = len(p.free) {
		c := p.free[n-1]
		if c.room() && !p.old(c) {
			return c
		}
		p.free, c.listed = p.free[:n-1], false
	}
	return nil
}

// old reports whether a connection was idle for too long, and closes it then.
// net/http does so for HTTP/2.
func (p *pool) old(c *conn) bool {
	limit := p.set.options.IdleTimeout
	if c.many || limit == 0 || p.set.Now()-c.since < limit {
		return false
	}
	p.retire(c)
	return true
}

// admit gives a request a place on a connection with room, the last one if it is
// final.
func (p *pool) admit(c *conn, final bool) served {
	if final && c.many {
		c.spoilt.Store(true)
	}
	if c.active == 0 {
		p.idle--
	}
	got := served{conn: c, reused: c.used > 0}
	c.used++
	c.active++
	c.starting.Add(1)
	c.tap.wrote.Store(false)
	return got
}

// put takes back the place of a request.
func (p *pool) put(c *conn) {
	// HTTP/1.1: net/http has decided by now. To ask it with mu held would lock up
	// with its closing of the connection.
	again := c.many || c.via.Available() > 0
	p.mu.Lock()
	defer p.unlock()
	c.active--
	if c.active == 0 && !c.dead {
		c.since = p.set.Now()
		p.idle++
		if !again || !p.set.options.KeepAlive || c.many && !c.spoke.Load() || c.spent() || p.idle > p.set.options.Idle {
			p.retire(c)
		}
	}
	p.list(c)
	p.serve()
	if len(p.free) > 0 && p.free[0].active == 0 {
		p.old(p.free[0])
	}
}

// look is called when what a connection allows may have changed. settled tells
// that it is known by now.
func (p *pool) look(c *conn, settled bool) {
	p.mu.Lock()
	defer p.unlock()
	if settled && !c.settled {
		c.settled = true
		p.settle(c)
	}
	if c.spent() {
		p.retire(c)
	}
	p.list(c)
	p.serve()
	p.more()
}

// settle notes how many streams a connection allows, once it is open.
func (p *pool) settle(c *conn) {
	if c.via == nil || c.dial == nil {
		return
	}
	if c.many && p.set.options.KeepAlive {
		p.each = max(1, c.via.Available()+c.via.InFlight())
	}
	p.finish(c.dial, false)
	c.dial = nil
}

// list puts a connection with room among those that are taken. The caller holds
// mu.
func (p *pool) list(c *conn) {
	if !c.listed && c.room() {
		c.listed = true
		p.free = append(p.free, c)
	}
}

// serve gives room to those who have waited longest. The caller holds mu.
func (p *pool) serve() {
	for p.waiting.Len() > 0 && p.set.base.Err() == nil {
		c := p.take()
		if c == nil {
			return
		}
		p.deliver(p.waiting.Front().Value.(*wait), c)
	}
}

// deliver gives a request that waits a place on a connection with room.
func (p *pool) deliver(w *wait, c *conn) {
	p.remove(w)
	got := p.admit(c, w.final)
	got.own = w.own != nil && w.own.conn == c
	w.served <- got
}

// retire has a connection that nobody uses closed. The caller holds mu.
func (p *pool) retire(c *conn) {
	if !c.retired && !c.dead {
		c.retired = true
		p.out = append(p.out, c)
	}
}

// unlock unlocks mu, and closes what is to be closed.
func (p *pool) unlock() {
	out := p.out
	p.out = nil
	p.mu.Unlock()
	shut(out)
}

// expect finds or starts a dial that is to serve a request, if there may be one
// more. The caller holds mu.
func (p *pool) expect(w *wait) {
	if p.many {
		for _, d := range p.dials {
			if d.shared+1 < p.each {
				d.shared++
				w.dial = d
				return
			}
		}
		if p.unclear() {
			return
		}
	}
	if most := p.set.options.Most; most > 0 && p.open >= most || p.set.base.Err() != nil {
		return
	}
	p.open++
	d := &dial{wait: w}
	w.dial, w.own = d, d
	p.dials = append(p.dials, d)
	p.set.dials.Go(func() { d.run(p, w.deadline, w.bounded) })
}

// unclear reports whether a connection may have room as soon as requests on it,
// which have their places, have their streams too: then the pool looks again.
func (p *pool) unclear() bool {
	if !p.set.options.KeepAlive {
		return false
	}
	for c := range p.conns {
		if c.settled && c.starting.Load() > 0 && c.via.Available() > 0 {
			return true
		}
	}
	return false
}

// more starts dials for those who wait and are not expected to be served. The
// caller holds mu.
func (p *pool) more() {
	for e := p.waiting.Front(); e != nil; e = e.Next() {
		w := e.Value.(*wait)
		if w.dial != nil || w.bounded && !time.Now().Before(w.deadline) {
			continue
		}
		if p.expect(w); w.dial == nil {
			return
		}
	}
}

// finish forgets a dial. Who shared it, and still waits, expects nothing more. The
// caller holds mu.
func (p *pool) finish(d *dial, failed bool) {
	i := slices.Index(p.dials, d)
	if i < 0 {
		return
	}
	p.dials = slices.Delete(p.dials, i, i+1)
	for e := p.waiting.Front(); e != nil; e = e.Next() {
		if w := e.Value.(*wait); w.dial == d {
			w.dial, w.tried = nil, failed
		}
	}
}

// failed ends a dial. Its error is that of the request that it was for.
func (p *pool) failed(d *dial, err error) {
	p.mu.Lock()
	defer p.unlock()
	p.open--
	p.drop(d, err)
}

// drop ends a dial that came to nothing. The caller holds mu.
func (p *pool) drop(d *dial, err error) {
	if w := d.wait; w.place != nil {
		p.remove(w)
		w.served <- served{err: err}
	}
	p.finish(d, true)
	p.more()
}

// ready takes a connection that is open. It goes to the request that it was
// opened for, unless it turns out that there are others to go over.
func (p *pool) ready(d *dial, c *conn, via *http.ClientConn) {
	p.mu.Lock()
	c.via = via
	if c.dead {
		p.open--
		p.drop(d, c.cause(errClosed))
		p.unlock()
		return
	}
	d.conn = c
	c.since = p.set.Now()
	p.conns[c] = struct{}{}
	p.idle++
	p.place(d, c)
	p.unlock()
	if c.many {
		via.SetStateHook(func(*http.ClientConn) {
			if p.anyWaits() || c.goAway.Load() != 0 {
				p.look(c, false)
			}
		})
	}
}

// place decides what becomes of a new connection. The caller holds mu.
func (p *pool) place(d *dial, c *conn) {
	p.many = p.many || c.many
	if c.many && p.enough(d) {
		if w := d.wait; w.place != nil {
			w.dialed, w.own = w.dialed+1, nil
		}
		p.retire(c)
		p.finish(d, false)
		p.serve()
		p.more()
		return
	}
	if !c.many || c.settled {
		p.settle(c)
	}
	if w := d.wait; w.place != nil && p.set.base.Err() == nil {
		p.deliver(w, c)
	}
	p.list(c)
	p.serve()
	if c.active == 0 && p.idle > p.set.options.Idle {
		p.retire(c)
	}
	p.more()
}

// enough reports whether the requests that wait are served without the
// connection of a dial: it was dialled before the origin was known to speak
// HTTP/2, or what it was for has been served since.
func (p *pool) enough(d *dial) bool {
	if p.waiting.Len() == 0 {
		return p.take() != nil
	}
	for _, other := range p.dials {
		if other != d && other.conn != nil && p.waiting.Len() < p.each {
			return true
		}
	}
	return false
}

// gone is called when a connection is closed.
func (p *pool) gone(c *conn) {
	p.mu.Lock()
	defer p.unlock()
	c.dead = true
	if _, ok := p.conns[c]; !ok {
		return // it never was ready
	}
	delete(p.conns, c)
	p.open--
	if c.active == 0 {
		p.idle--
	}
	if i := slices.Index(p.free, c); c.listed && i >= 0 {
		p.free = slices.Delete(p.free, i, i+1)
	}
	if c.dial != nil {
		p.finish(c.dial, true)
	}
	p.more()
}

func (p *pool) all() []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*conn, 0, len(p.conns))
	for c := range p.conns {
		all = append(all, c)
	}
	return all
}

func (p *pool) empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open == 0 && p.waiting.Len() == 0
}
