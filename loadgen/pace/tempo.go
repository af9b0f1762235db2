package pace

import (
	"sync"
	"sync/atomic"
	"time"
)

// tempo is the relation of a schedule's time to real time, which changes of
// speed bend. It is a list of legs, each straight; what it says of the past never
// changes, so that the intended time of a request that was given out never does.
//
// Subtle: where a leg ends follows from the moment of the change only to within the
// rounding of its speed, so that a request given out at that moment could come to lie
// behind it, on the new leg, or nowhere during a pause. A new leg therefore begins
// no earlier than the last request given out. The two goroutines see each other without a
// lock: claim stores the request before it looks at bending and legs, and bend sets bending
// before it looks at the request, and legs before it clears it.
type tempo struct {
	mu      sync.Mutex // held by those who add legs; guards speed and closed
	speed   float64    // as it was set
	closed  bool       // a closed loop is under way, whose length is real time
	bending atomic.Bool
	claimed atomic.Int64 // offset up to which nothing changes any more

	legs    atomic.Pointer[[]leg] // never empty; a published slice is not changed
	changed chan struct{}         // holds one token after a leg was added
}

// leg is a stretch at one speed. It reaches from just after from until from of
// the next leg.
type leg struct {
	from  time.Duration // of the schedule's time
	at    time.Time
	speed float64 // 0: the schedule stands still
}

func newTempo(begin time.Time) *tempo {
	t := &tempo{speed: 1, changed: make(chan struct{}, 1)}
	t.legs.Store(&[]leg{{at: begin, speed: 1}})
	return t
}

// set changes the speed, and with it what follows, if anything does.
func (t *tempo) set(speed float64, follows bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.speed = speed
	if follows {
		t.bend()
	}
}

// enter records that a stage begins at an offset, and whether it is a closed loop. The
// goroutine that claims calls it.
func (t *tempo) enter(closed bool, begin time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = closed
	if at, ok := t.moment(begin); ok && !at.After(time.Now()) {
		t.claimed.Store(max(t.claimed.Load(), int64(begin)))
	}
	t.bend()
}

// claim fixes the moment of an offset that has come, if it is still the one that legs
// gave. One goroutine claims offsets, in their order.
func (t *tempo) claim(offset time.Duration, legs *[]leg) bool {
	before := t.claimed.Load()
	t.claimed.Store(int64(offset))
	if !t.bending.Load() && t.legs.Load() == legs {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	was, _ := momentOf(*legs, offset)
	if at, ok := t.moment(offset); ok && at.Equal(was) {
		return true
	}
	t.claimed.Store(before)
	return false
}

// bend adds a leg if the speed is another now. The caller holds mu, also while the
// clock is read: what was claimed before lies before now.
func (t *tempo) bend() {
	t.bending.Store(true)
	defer t.bending.Store(false)
	now := time.Now()
	speed := t.speed
	if t.closed && speed > 0 {
		speed = 1
	}
	legs := *t.legs.Load()
	last := legs[len(legs)-1]
	if speed == last.speed {
		return
	}
	if now.Before(last.at) { // the schedule has not begun
		now = last.at
	}
	from := last.reaches(now)
	claimed := time.Duration(t.claimed.Load())
	if at, ok := t.moment(claimed); ok && !at.After(now) { // else it is about to be given back
		from = max(from, claimed)
	}
	next := append(legs[:len(legs):len(legs)], leg{from: from, at: now, speed: speed})
	t.legs.Store(&next)
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// reaches is the schedule's time at a moment, if the leg is that long.
func (l leg) reaches(now time.Time) time.Duration {
	return min(l.from+scaled(now.Sub(l.at), l.speed), eternity)
}

// lasts is how long the leg takes for d of the schedule's time. Its speed is not 0.
func (l leg) lasts(d time.Duration) time.Duration { return scaled(d, 1/l.speed) }

// eternity is longer than any schedule: times beyond it have no use, and their sums
// no room.
const eternity = 100 * 365 * 24 * time.Hour

// scaled is d times a factor, cut at eternity.
func scaled(d time.Duration, factor float64) time.Duration {
	if factor == 1 || d == 0 {
		return d
	}
	return time.Duration(min(max(float64(d)*factor, -float64(eternity)), float64(eternity)))
}

// moment is when the schedule's time is at offset. It is not ok while the
// schedule stands still before that.
func (t *tempo) moment(offset time.Duration) (at time.Time, ok bool) {
	return momentOf(*t.legs.Load(), offset)
}

func momentOf(legs []leg, offset time.Duration) (at time.Time, ok bool) {
	i := len(legs) - 1
	for i > 0 && legs[i].from >= offset {
		i--
	}
	l := legs[i]
	switch d := offset - l.from; {
	case d <= 0:
		return l.at.Add(d), true
	case l.speed == 0:
		return time.Time{}, false
	default:
		return l.at.Add(l.lasts(d)), true
	}
}

// offset is the schedule's time at a moment, and its speed then.
func (t *tempo) offset(now time.Time) (time.Duration, float64) {
	legs := *t.legs.Load()
	i := len(legs) - 1
	for i > 0 && legs[i].at.After(now) {
		i--
	}
	return legs[i].reaches(now), legs[i].speed
}

// pauses are the stretches of real time in which the schedule stood still; the last
// ends at now if it goes on. owed is how long after the beginning of that one the next
// request would have been due, at an offset, and 0 if the schedule does not stand still.
func (t *tempo) pauses(next time.Duration, now time.Time) (all []Interval, owed time.Duration) {
	legs := *t.legs.Load()
	for i, l := range legs {
		switch {
		case l.speed > 0:
		case i+1 < len(legs):
			all = append(all, Interval{l.at, legs[i+1].at})
		default:
			if i > 0 && next > l.from {
				owed = legs[i-1].lasts(next - l.from)
			}
			if begin := l.at.Add(owed); begin.Before(now) {
				all = append(all, Interval{begin, now})
			}
		}
	}
	return all, owed
}

// still reports whether the schedule stands still.
func (t *tempo) still() bool {
	legs := *t.legs.Load()
	return legs[len(legs)-1].speed == 0
}
