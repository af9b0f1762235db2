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

const (
	// drift is how fast two clocks part: each is within 50 ppm, as a quartz that
	// nobody disciplines. (RFC 5905 has 15 ppm for clocks under NTP.)
	drift = 100e-6
	// endSlack is how late a server span may end after its response has left, in
	// most requests: instrumentations end it after the handler's last write.
	endSlack = 100 * time.Microsecond
	// slots is the number of stages of the filter; each is of slotWidth.
	slots     = 16
	slotWidth = time.Second
	// strikes is how many pairs in a row must contradict the estimate until the
	// past is forgotten: one may be a broken span, three are a clock that was set.
	strikes = 3
)

// Filter is a clock filter as in RFC 5905 §10: of the latest stages, the one with the
// narrowest bound tells the offset.
//
// A message takes no negative time (Cristian, "Probabilistic clock
// synchronization", 1989), so that of each pair the offset is at most T2−T1, and at
// least T3−T4. The first holds of every pair, since a server span begins when its
// request is there: of a stage the least counts. The second does not: a span may end
// long after its response has left, where the processor is busy.
//
// Subtle: so the pair of the least round trip, which RFC 5905 takes, would often be
// one that ended late, as that shortens it. A stage takes the median of what ends
// say: it holds as long as in more than half of the requests the span ends by
// endSlack after the response has arrived. Of few requests ends say nothing: then
// the offset is at least T2−T4, as the server began while the client waited.
//
// A stage that has aged is worth less, by drift.
type Filter struct {
	ring    [slots]stage
	latest  int64 // number of the newest slot
	against int   // pairs in a row that contradict the estimate
}

// Add learns from a pair whose request was answered. Pairs whose times cannot be
// are ignored.
func (f *Filter) Add(p Pair) {
	m, ok := measure(p)
	if !ok {
		return
	}
	if now, known := f.At(m.at); known && apart(now, m) {
		if f.against++; f.against < strikes {
			return
		}
		*f = Filter{}
	}
	f.against = 0
	slot := m.at.UnixNano() / int64(slotWidth)
	if slot <= f.latest-slots {
		return // too old for the ring
	}
	s := &f.ring[slot%slots]
	if s.slot != slot {
		*s = stage{slot: slot}
	}
	s.add(m)
	f.latest = max(f.latest, slot)
}

// measurement is what one pair says: the offset is from low to high, and if the span
// ended in time, it is at least ended.
type measurement struct {
	at               time.Time
	low, high, ended time.Duration
}

// measure a pair. What the end says is at least what the begin does, and no more
// than can be.
func measure(p Pair) (m measurement, ok bool) {
	if p.Done.Before(p.Sent) || p.Ended.Before(p.Began) {
		return m, false
	}
	m = measurement{at: p.Done, low: p.Began.Sub(p.Done), high: p.Began.Sub(p.Sent)}
	m.ended = m.low
	if ended := p.Ended.Sub(p.Done) - endSlack; ended <= m.high {
		m.ended = max(m.low, ended)
	}
	return m, true
}

// apart: the two intervals have no offset in common.
func apart(e Estimate, m measurement) bool {
	return m.low > e.Offset+e.Bound || m.high < e.Offset-e.Bound
}

// At is the best estimate for a time by the generator's clock; ok is false if
// there was no pair.
func (f *Filter) At(t time.Time) (e Estimate, ok bool) {
	for i := range f.ring {
		s := &f.ring[i]
		if s.n == 0 {
			continue
		}
		offset, half := s.estimate()
		bound := half + time.Duration(drift*float64(t.Sub(s.at).Abs()))
		if !ok || bound < e.Bound {
			e, ok = Estimate{Offset: offset, Bound: bound}, true
		}
	}
	return e, ok
}
