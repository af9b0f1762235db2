package conns

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// errClosed reports that a connection was of no use.
var errClosed = fmt.Errorf("the target closed the connection at once: %w", io.EOF)

// expect finds or starts a dial that is to serve a request, if there may be one
// more. The caller holds mu.
func (p *pool) expect(w *wait) {
	if p.many {
		for _, d := range p.dials {
			if d.shared+1 < p.each {
				d.shared++
				w.dial, w.limited = d, p.full()
				if w.limited {
					w.first = nil
				} else if w.first == nil {
					w.first, w.since = d, p.set.Now()
				}
				return
			}
		}
		if p.unclear() {
			return
		}
	}
	if p.full() || p.set.base.Err() != nil {
		return
	}
	p.open++
	d := &dial{wait: w}
	w.disown()
	w.dial, w.own = d, d
	p.dials = append(p.dials, d)
	p.set.dials.Go(func() { d.run(p, w.deadline, w.bounded) })
}

// full reports whether there are as many connections as there may be.
func (p *pool) full() bool {
	most := p.set.options.Most
	return most > 0 && p.open >= most
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
			w.dial, w.tried = nil, failed && !w.limited
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
			w.disown()
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
