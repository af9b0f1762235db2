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
	// endSlack is how late a server span may end after its response has left: most
	// instrumentations end it after the handler's last write.
	endSlack = 100 * time.Microsecond
	// slots is the number of stages of the filter; each keeps the best pair of
	// slotWidth.
	slots     = 16
	slotWidth = time.Second
	// strikes is how many pairs in a row must contradict the estimate until the
	// past is forgotten: one may be a broken span, three are a clock that was set.
	strikes = 3
)

// Filter is the clock filter of RFC 5905 §10: of the latest pairs, that with the
// least round trip tells the offset best.
//
// With δ the round trip without the server's time, (T4−T1)−(T3−T2), the offset is
// ((T2−T1)+(T3−T4))/2 within ±δ/2 (Cristian, "Probabilistic clock
// synchronization", 1989): a message takes no negative time. A pair that has
// aged is worth less, by drift.
type Filter struct {
	ring    [slots]measurement
	latest  int64 // number of the newest slot
	against int   // pairs in a row that contradict the estimate
}

// measurement is one pair's estimate; half is its bound when it was made.
type measurement struct {
	slot   int64
	at     time.Time
	offset time.Duration
	half   time.Duration
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
	m.slot = m.at.UnixNano() / int64(slotWidth)
	kept := &f.ring[m.slot%slots]
	switch {
	case m.slot <= f.latest-slots: // too old for the ring
	case kept.at.IsZero() || kept.slot < m.slot || m.half <= kept.half:
		*kept = m
		f.latest = max(f.latest, m.slot)
	}
}

// measure makes an estimate of one pair. A server span that outlasts the
// response says nothing of when it was sent; then the offset is only known from
// the server having begun while the client waited.
func measure(p Pair) (measurement, bool) {
	service, server := p.Done.Sub(p.Sent), p.Ended.Sub(p.Began)
	if service < 0 || server < 0 {
		return measurement{}, false
	}
	began := p.Began.Sub(p.Sent)
	if service < server {
		return measurement{at: p.Done, offset: began - service/2, half: service/2 + 1}, true
	}
	return measurement{
		at:     p.Done,
		offset: (began + p.Ended.Sub(p.Done)) / 2,
		half:   min((service-server)/2+1+endSlack, service/2+1+endSlack),
	}, true
}

// apart: the two intervals have no time in common.
func apart(e Estimate, m measurement) bool {
	return (m.offset - e.Offset).Abs() > e.Bound+m.half
}

// At is the best estimate for a time by the generator's clock; ok is false if
// there was no pair.
func (f *Filter) At(t time.Time) (e Estimate, ok bool) {
	for i := range f.ring {
		m := &f.ring[i]
		if m.at.IsZero() {
			continue
		}
		bound := m.half + time.Duration(drift*float64(t.Sub(m.at).Abs()))
		if !ok || bound < e.Bound {
			e, ok = Estimate{Offset: m.offset, Bound: bound}, true
		}
	}
	return e, ok
}
