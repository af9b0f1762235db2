package conns

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
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

func newPool(s *Set, o origin) *pool {
	p := &pool{set: s, origin: o, conns: map[*conn]struct{}{}, waiting: list.New(), each: streams, many: s.strict()}
	if !s.options.KeepAlive {
		p.each = 1
	}
	return p
}

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
// final. One that is sent again has its stream before another gets a place.
func (p *pool) admit(c *conn, final, again bool) served {
	if final {
		c.spoilt.Store(true)
	}
	if c.active == 0 {
		p.idle--
	}
	got := served{conn: c, reused: c.used > 0}
	c.used++
	c.active++
	c.starting.Add(1)
	if again {
		c.urgent.Add(1)
	}
	c.tap.wrote.Store(false)
	return got
}

// put takes back the place of a request.
func (p *pool) put(c *conn) {
	// HTTP/1.1: net/http has decided by now. To ask it with mu held would lock up
	// with its closing of the connection.
	again := c.many || c.via.Available() > 0
	c.tap.asks.Store(false)
	p.mu.Lock()
	defer p.unlock()
	c.active--
	if c.active == 0 && !c.dead {
		c.since = p.set.Now()
		p.idle++
		if !again || !p.set.options.KeepAlive || c.spoilt.Load() || c.many && !c.spoke.Load() || c.spent() || p.idle > p.set.options.Idle {
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
	got := p.admit(c, w.final, w.again)
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
