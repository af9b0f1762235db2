package pace

import (
	"sync"
	"sync/atomic"
	"time"
)

// tempo is the relation of a schedule's time to real time, which changes of
// speed bend. It is a list of legs, each straight; what it says of the past never
// changes, so that the intended time of a hit that was given out never does.
type tempo struct {
	mu     sync.Mutex // held by those who add legs; guards speed and closed
	speed  float64    // as it was set
	closed bool       // a closed loop is under way, whose length is real time

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

// set changes the speed from now on.
func (t *tempo) set(speed float64, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.speed = speed
	t.bend(now)
}

// enter tells that a stage begins, and whether it is a closed loop.
func (t *tempo) enter(closed bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = closed
	t.bend(now)
}

// bend adds a leg if the speed is another now. The caller holds mu.
func (t *tempo) bend(now time.Time) {
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
	next := append(legs[:len(legs):len(legs)], leg{from: last.reaches(now), at: now, speed: speed})
	t.legs.Store(&next)
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// reaches is the schedule's time at a moment, if the leg is that long.
func (l leg) reaches(now time.Time) time.Duration {
	d := now.Sub(l.at)
	if l.speed != 1 {
		d = time.Duration(float64(d) * l.speed)
	}
	return l.from + d
}

// moment is when the schedule's time is at offset. It is not ok while the
// schedule stands still before that.
func (t *tempo) moment(offset time.Duration) (at time.Time, ok bool) {
	legs := *t.legs.Load()
	i := len(legs) - 1
	for i > 0 && legs[i].from >= offset {
		i--
	}
	l := legs[i]
	switch d := offset - l.from; {
	case d <= 0 || l.speed == 1:
		return l.at.Add(d), true
	case l.speed == 0:
		return time.Time{}, false
	default:
		return l.at.Add(time.Duration(float64(d) / l.speed)), true
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

// still tells whether the schedule stands still.
func (t *tempo) still() bool {
	legs := *t.legs.Load()
	return legs[len(legs)-1].speed == 0
}
