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

	parts []*partSampler // of checks of stages and windows; in the cache line of the lock

	counts   counts
	times    times
	phases   [7]*histogram // in the order of phasesOf
	stream   *stream       // nil until a call that streams came
	failures map[loadgen.ErrorKind]*failure
	excerpts map[string]string // of bad answers, by status; at most keptExcerpts
	slowest  ranking
}

// counts of requests, bytes and connections.
type counts struct {
	finished, failed, ok uint64
	notSent              map[loadgen.NotSentReason]uint64
	status               [600]uint64          // of HTTP, by code; [0] is for all codes outside 100 to 599
	rpc                  [rpcCodes + 1]uint64 // of gRPC, by code; the last is for all others
	connections          Connections
	bytes                Traffic
	stages               []stageCounts // of the attack; never empty
}

// stageCounts is what rates need of one stage beside its pace.Progress.
type stageCounts struct {
	unsent uint64 // given out and not sent
	// Of a closed loop:
	finished uint64
	ended    uint64        // finished or failed by itself
	last     time.Time     // when the last request ended by itself
	longest  time.Duration // service time of one that did
}

// rpcCodes is how many codes gRPC defines, from 0.
const rpcCodes = 17

// times are the histograms of whole requests. Response times are added to the
// interval since the last snapshot, and from there to those before it, so that
// each costs one logarithm: most of what add costs are those.
type times struct{ service, lag, response, interval *histogram }

func newTally(stages int) *tally {
	t := &tally{
		counts:   counts{notSent: map[loadgen.NotSentReason]uint64{}, stages: make([]stageCounts, max(1, stages))},
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
	// Also for a request that then waited in vain, such as for a stream.
	t.counts.connections.Opened += uint64(max(r.Dialed, 0))
	if r.Outcome == loadgen.NotSent {
		t.counts.addNotSent(r)
		return
	}
	t.counts.addSent(r)
	if r.Open {
		t.times.lag.add(r.Lag())
	}
	if r.Outcome == loadgen.Failed {
		t.fail(r)
		if !r.Due() { // how long we let it go on says nothing of the target
			return
		}
	} else if r.Excerpt != "" {
		t.excerpt(r.StatusName(), r.Excerpt)
	}
	response := r.ResponseTime()
	t.times.service.add(r.ServiceTime())
	t.times.interval.add(response)
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
	c.connections.Resent += uint64(max(r.Resent, 0))
	if r.Reused {
		c.connections.Reused++
	}
	c.bytes.Sent += r.BytesSent
	c.bytes.Received += r.BytesReceived
	if !r.Open {
		c.stage(r).end(r)
	}
}

func (c *counts) stage(r *loadgen.Record) *stageCounts {
	return &c.stages[max(0, min(r.Stage, len(c.stages)-1))]
}

// end counts a request of a closed loop that has ended.
func (s *stageCounts) end(r *loadgen.Record) {
	switch {
	case r.Outcome == loadgen.Finished:
		s.finished++
	case !r.Due():
		return
	}
	s.ended++
	if r.Done.After(s.last) {
		s.last = r.Done
	}
	s.longest = max(s.longest, r.ServiceTime())
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
func (c *counts) addNotSent(r *loadgen.Record) {
	c.stage(r).unsent++
	reason := r.NotSent
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

// cut is how many requests the stop of the run cut off. t.mu is held.
func (t *tally) cut() uint64 {
	if f := t.failures[loadgen.ErrorCancelled]; f != nil {
		return f.count
	}
	return 0
}

func statusIndex(code int) int {
	if code < 100 || code > 599 {
		return 0
	}
	return code
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

// merge adds what o counted, without its failed requests themselves and its stages.
// o's interval is drained. The locks of both are held, or nobody else knows them.
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
}
