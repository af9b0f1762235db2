package wire

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Reasons why an exchange ended while it waited for a connection of the pool.
var (
	// ErrConnectionWait reports that the timeout passed.
	ErrConnectionWait = errors.New("the timeout passed before a connection was free")
	// ErrCutWaiting reports that the client was cancelled.
	ErrCutWaiting = errors.New("the run was cut off before a connection was free")
)

// pool is the connections of one origin.
type pool struct {
	client *Client
	most   int

	mu      sync.Mutex // guards all below
	idle    []*conn    // the last used at the end
	open    int        // connections that are, or are being, opened
	waiting []chan *conn
}

// get has a connection for an exchange, and stamps when.
func (p *pool) get(x *Exchange) (*conn, error) {
	for {
		c, dial, wait := p.take()
		if c == nil && wait != nil {
			var err error
			if c, err = p.await(x, wait); err != nil {
				return nil, err
			}
			dial = c == nil
		}
		if dial {
			return p.dial(x)
		}
		now := p.client.now()
		if p.old(c, now) || c.stale(x.Request) {
			p.discard(c)
			continue
		}
		x.Conn = now
		x.Reused, x.Local, x.Peer = true, c.local, c.peer
		return c, nil
	}
}

// take gives one of three: an idle connection, the right to dial one, or a place
// to wait for either.
func (p *pool) take() (c *conn, dial bool, wait chan *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		c = p.idle[n-1]
		p.idle = p.idle[:n-1]
		return c, false, nil
	}
	if p.most == 0 || p.open < p.most {
		p.open++
		return nil, true, nil
	}
	wait = make(chan *conn, 1)
	p.waiting = append(p.waiting, wait)
	return nil, false, wait
}

// await waits for a connection, or, with nil, for the right to dial one. Until it
// has either, nothing of the exchange was on the network: its errors are
// ErrConnectionWait and ErrCutWaiting.
func (p *pool) await(x *Exchange, wait chan *conn) (*conn, error) {
	var expired <-chan time.Time
	if t := p.client.options.Timeout; t > 0 {
		timer := time.NewTimer(t - (p.client.now() - x.Begin))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case c := <-wait:
		err := p.over(x)
		if err != nil {
			p.restore(c)
		}
		return c, err
	case <-expired:
		p.leave(wait)
		return nil, ErrConnectionWait
	case <-p.client.base.Done():
		p.leave(wait)
		return nil, ErrCutWaiting
	}
}

// over reports whether what an exchange waited for comes too late.
func (p *pool) over(x *Exchange) error {
	switch t := p.client.options.Timeout; {
	case p.client.cancelled.Load():
		return ErrCutWaiting
	case t > 0 && p.client.now()-x.Begin >= t:
		return ErrConnectionWait
	}
	return nil
}

// leave gives up a place, and passes on what was given to it meanwhile.
func (p *pool) leave(wait chan *conn) {
	p.mu.Lock()
	i := slices.Index(p.waiting, wait)
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.mu.Unlock()
	if i < 0 {
		p.restore(<-wait)
	}
}

// restore passes on what was given: a connection, or, with nil, the right to dial.
func (p *pool) restore(c *conn) {
	if c != nil {
		p.put(c)
	} else {
		p.closed()
	}
}

// put takes back a connection that may be used again.
func (p *pool) put(c *conn) {
	c.since = p.client.now()
	p.mu.Lock()
	if p.give(c) {
		p.mu.Unlock()
		return
	}
	if len(p.idle) >= p.client.options.Idle {
		p.mu.Unlock()
		p.discard(c)
		return
	}
	p.idle = append(p.idle, c)
	var out *conn
	if p.old(p.idle[0], c.since) {
		out = p.idle[0]
		p.idle = slices.Delete(p.idle, 0, 1)
	}
	p.mu.Unlock()
	if out != nil {
		p.discard(out)
	}
}

// give hands c to whoever has waited longest, if anybody waits. The caller holds
// mu.
func (p *pool) give(c *conn) bool {
	if len(p.waiting) == 0 {
		return false
	}
	p.waiting[0] <- c
	p.waiting = slices.Delete(p.waiting, 0, 1)
	return true
}

func (p *pool) old(c *conn, now time.Duration) bool {
	limit := p.client.options.IdleTimeout
	return limit > 0 && now-c.since > limit
}

// discard closes a connection.
func (p *pool) discard(c *conn) {
	c.close()
	p.closed()
}

// closed counts a connection less, or lets somebody who waits open another.
func (p *pool) closed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.give(nil) {
		p.open--
	}
}

func (p *pool) drain() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		p.discard(c)
	}
}
