package summary

import (
	"slices"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// tally is what was counted and measured of one attack.
type tally struct {
	mu sync.Mutex // guards all below

	parts []*part // of checks of stages and windows; in the cache line of the lock

	counts   counts
	times    times
	phases   [7]*histogram // in the order of phasesOf
	stream   *stream       // nil until a call that streams came
	failures map[loadgen.ErrorKind]*failure
	excerpts map[string]string // of bad answers, by status; at most keptExcerpts
	slowest  ranking
	drained  uint64 // requests that had ended when the interval was drained
}

// counts of requests, bytes and connections.
type counts struct {
	finished, failed, ok uint64
	notSent              map[loadgen.NotSentReason]uint64
	status               [600]uint64          // of HTTP, by code; [0] is for all codes outside 100 to 599
	rpc                  [rpcCodes + 1]uint64 // of gRPC, by code; the last is for all others
	connections          Connections
	bytes                Traffic
	first, last          time.Time // sent
}

// rpcCodes is how many codes gRPC defines, from 0.
const rpcCodes = 17

// times are the histograms of whole requests. Response times are added to the
// interval since the last snapshot, and from there to those before it, so that
// each costs one logarithm: most of what add costs are those.
type times struct{ service, lag, response, interval *histogram }

func newTally() *tally {
	t := &tally{
		counts:   counts{notSent: map[loadgen.NotSentReason]uint64{}},
		times:    times{newHistogram(), newHistogram(), newHistogram(), newHistogram()},
		failures: map[loadgen.ErrorKind]*failure{},
	}
	for i := range t.phases {
		t.phases[i] = newHistogram()
	}
	return t
}

// add counts a record. t.mu is held.
func (t *tally) add(r *loadgen.Record) {
	if t.parts != nil {
		t.sample(r)
	}
	if r.Outcome == loadgen.NotSent {
		t.counts.addNotSent(r.NotSent)
		return
	}
	t.counts.addSent(r)
	if r.Outcome == loadgen.Failed {
		t.fail(r)
	} else if r.Excerpt != "" {
		t.excerpt(r.StatusName(), r.Excerpt)
	}
	response := r.ResponseTime()
	t.times.add(r, response)
	for i, d := range phasesOf(&r.Phases) {
		if d > 0 {
			t.phases[i].add(d)
		}
	}
	if r.Stream != nil {
		if t.stream == nil {
			t.stream = newStream()
		}
		t.stream.add(r.Stream)
	}
	t.slowest.add(r, response)
}

// sample passes a record to the parts. It is apart from add so that add's code
// does not grow where there are none.
func (t *tally) sample(r *loadgen.Record) {
	for _, p := range t.parts {
		p.add(r)
	}
}

func (c *counts) addSent(r *loadgen.Record) {
	if r.Outcome == loadgen.Finished {
		c.finished++
		c.addStatus(r)
		if r.OK() {
			c.ok++
		}
	} else {
		c.failed++
	}
	c.connections.Opened += uint64(max(r.Dialed, 0))
	c.connections.Resent += uint64(max(r.Resent, 0))
	if r.Reused {
		c.connections.Reused++
	}
	c.bytes.Sent += r.BytesSent
	c.bytes.Received += r.BytesReceived
	c.span(r.Sent, r.Sent)
}

func (c *counts) addStatus(r *loadgen.Record) {
	switch {
	case !isRPC(r):
		c.status[statusIndex(r.Status)]++
	case 0 <= r.Status && r.Status < rpcCodes:
		c.rpc[r.Status]++
	default:
		c.rpc[rpcCodes]++
	}
}

func isRPC(r *loadgen.Record) bool { return r.Target != nil && r.Target.RPC }

// addNotSent counts a reason. One that no engine knows is an error.
func (c *counts) addNotSent(reason loadgen.NotSentReason) {
	if !slices.Contains(notSentReasons, reason) {
		reason = loadgen.NotSentError
	}
	c.notSent[reason]++
}

var notSentReasons = loadgen.NotSentReasons()

// lost is how many requests were due and not sent.
func (c *counts) lost() (n uint64) {
	for reason, of := range c.notSent {
		if reason.Due() {
			n += of
		}
	}
	return n
}

// failed is how many requests failed for a reason. t.mu is held.
func (t *tally) failed(kind loadgen.ErrorKind) uint64 {
	if f := t.failures[kind]; f != nil {
		return f.count
	}
	return 0
}

// span widens the time of sending.
func (c *counts) span(first, last time.Time) {
	if c.first.IsZero() || first.Before(c.first) {
		c.first = first
	}
	if last.After(c.last) {
		c.last = last
	}
}

func statusIndex(code int) int {
	if code < 100 || code > 599 {
		return 0
	}
	return code
}

func (t *times) add(r *loadgen.Record, response time.Duration) {
	t.service.add(r.ServiceTime())
	t.interval.add(response)
	if r.Open {
		t.lag.add(r.Lag())
	}
}

func phasesOf(p *loadgen.Phases) [7]time.Duration {
	return [...]time.Duration{p.Conn, p.DNS, p.Connect, p.TLS, p.Write, p.Wait, p.Read}
}

// drain moves the response times of the interval to those before it, and adds
// them to h.
func (t *times) drain(h *histogram) {
	h.merge(t.interval)
	t.response.merge(t.interval)
	t.interval.clear()
}

// merge adds what o counted, without its failed requests themselves. o's interval
// is drained. The locks of both are held, or nobody else knows them.
func (t *tally) merge(o *tally) {
	t.counts.merge(&o.counts)
	t.times.service.merge(o.times.service)
	t.times.response.merge(o.times.response)
	t.times.lag.merge(o.times.lag)
	for i := range t.phases {
		t.phases[i].merge(o.phases[i])
	}
	if o.stream != nil {
		if t.stream == nil {
			t.stream = newStream()
		}
		t.stream.merge(o.stream)
	}
	for kind, f := range o.failures {
		mine := t.failures[kind]
		if mine == nil {
			mine = &failure{example: f.example}
			t.failures[kind] = mine
		}
		mine.count += f.count
	}
	for status, text := range o.excerpts {
		t.excerpt(status, text)
	}
	for i := range o.slowest.kept {
		t.slowest.add(&o.slowest.kept[i], o.slowest.kept[i].ResponseTime())
	}
}

func (c *counts) merge(o *counts) {
	c.finished += o.finished
	c.failed += o.failed
	c.ok += o.ok
	for reason, n := range o.notSent {
		c.notSent[reason] += n
	}
	for code, n := range o.status {
		c.status[code] += n
	}
	for code, n := range o.rpc {
		c.rpc[code] += n
	}
	c.connections.Opened += o.connections.Opened
	c.connections.Reused += o.connections.Reused
	c.connections.Resent += o.connections.Resent
	c.bytes.Sent += o.bytes.Sent
	c.bytes.Received += o.bytes.Received
	if !o.first.IsZero() {
		c.span(o.first, o.last)
	}
}
