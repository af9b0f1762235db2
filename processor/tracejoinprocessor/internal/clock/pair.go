package clock

import "time"

// Pair is the four times of one request: sent and done by the generator's clock,
// began and ended by the target's. They are T1, T4, T2 and T3 of RFC 5905.
type Pair struct {
	Sent, Done   time.Time
	Began, Ended time.Time
}

// Estimate is the target's clock minus the generator's: within Offset ± Bound.
type Estimate struct {
	Offset, Bound time.Duration
}

// evidence is what one pair proves: where the offset lies, as of a time.
type evidence struct {
	interval
	at int64 // Unix nanoseconds
	// ended is what the end of the server span suggests that the offset is at least.
	ended time.Duration
}

// farthest is how far apart clocks can be that are of any use: one that was never
// set is in 1970.
const farthest = 100 * 365 * 24 * time.Hour

// prove returns what a pair proves of a target whose clock moves by at least a tick; ok is false if its times cannot be.
//
// A message takes no negative time (Cristian, "Probabilistic clock
// synchronization", 1989). A server span begins when its request is there, so that
// the offset is at most T2−T1; and while the client waits, so that it is at least
// T2−T4.
//
// Subtle: RFC 5905 has T3−T4 for the latter, which is far narrower. It holds of a
// server that stamps the message that it sends. A server span may end any time
// after its response has left: where the handler goes on, where the processor is
// busy, and in Node.js in a callback. That cannot be seen from outside, as an end
// that is late by less than a round trip contradicts nothing. So it only places the
// estimate within what is proven.
func prove(p Pair, tick time.Duration) (e evidence, ok bool) {
	if p.Done.Before(p.Sent) || p.Ended.Before(p.Began) || p.Sent.Unix() <= 0 || p.Began.Unix() <= 0 {
		return e, false
	}
	client, server := max(grain(p.Sent), grain(p.Done)), max(grain(p.Began), tick)
	e = evidence{at: p.Done.UnixNano(), interval: interval{
		low:  p.Began.Sub(p.Done) - client - server/2,
		high: p.Began.Sub(p.Sent) + client/2 + server,
	}}
	e.ended = e.low
	if ended := p.Ended.Sub(p.Done) + server/2; ended <= e.high {
		e.ended = max(e.low, ended)
	}
	return e, max(e.low.Abs(), e.high.Abs()) < farthest
}

// grain is how coarse the clock is that a time was read from, as far as its digits
// tell: the largest 1, 5, 10, 50 ... nanoseconds, up to a second, that it is a
// multiple of. It was cut to that, or rounded. The spans of the OpenTelemetry SDK
// for Node.js begin on whole milliseconds. The time of a fine clock seldom looks
// coarse, and then its pair only proves less than it might.
func grain(t time.Time) time.Duration {
	n := t.Nanosecond()
	if n == 0 {
		return time.Second
	}
	g := 1
	for n%(10*g) == 0 {
		g *= 10
	}
	if n%(5*g) == 0 {
		g *= 5
	}
	return time.Duration(g)
}
