package pace

import (
	"math"
	"time"
)

// decision is what a stage returns when the next request is asked for.
type decision uint8

const (
	give      decision = iota // the request is due
	over                      // the stage has no request left
	cancelled                 // the context was cancelled
	late                      // the overrun is over
)

// Pace waits until request number hits is due, as vegeta calls the count of requests, and returns 0, false; or 0, true when
// no request is left, the context was cancelled, or the overrun is over. It is called
// with 0, 1, 2 and so on, each once, and ignores elapsed: time counts from Begin.
//
// When the last request was given out, it returns at once, unless stages without a
// request have not begun yet: it waits for their beginning, to tell OnStage.
func (p *Pacer) Pace(_ time.Duration, hits uint64) (wait time.Duration, stop bool) {
	for p.End() == Running {
		switch p.ask(hits) {
		case give:
			p.given.Store(hits + 1)
			return 0, false
		case over:
			p.advance(hits)
		case cancelled:
			p.stop(Stopped)
		case late:
			p.stop(Late)
		}
	}
	return 0, true
}

// ask waits for a request within the stage under way.
func (p *Pacer) ask(hits uint64) decision {
	i := p.track.last()
	if i < 0 {
		return over
	}
	span, entry := &p.schedule.spans[i], p.track.stages[i]
	switch {
	case span.endless():
		return p.loop(hits, span.workers, entry.begin+span.length)
	case hits-entry.first >= span.requests:
		return over
	case span.open():
		return p.await(entry.begin + span.at(hits-entry.first))
	}
	v := p.loop(hits, span.workers, never)
	if v == give && hits+1-entry.first == span.requests {
		p.turned, _ = p.tempo.offset(time.Now())
	}
	return v
}

// await waits for a request of an open stage.
func (p *Pacer) await(due time.Duration) decision {
	for {
		var at time.Time
		var legs *[]leg
		behind, ok := p.waiter.until(func() (moment time.Time, known bool) {
			legs = p.tempo.legs.Load()
			at, known = momentOf(*legs, due)
			return at, known
		})
		if !ok {
			return cancelled
		}
		if end, known := p.tempo.moment(p.finish); known && at.Add(behind).After(end.Add(p.options.Overrun)) {
			return late
		}
		if !p.tempo.claim(due, legs) {
			continue // the speed has changed since
		}
		if behind > tardy {
			p.gave.Store(int64(at.Add(behind).Sub(p.options.Begin)))
		}
		return give
	}
}

// tardy is how late a request must be for the time of its stage to be longer for it.
const tardy = time.Millisecond

// never is the end of a closed loop that has none.
const never = time.Duration(math.MaxInt64)

// loop waits for a slot of a closed loop, until its end if it has one.
func (p *Pacer) loop(hits uint64, workers int64, end time.Duration) decision {
	for {
		if p.waiter.cancelled() {
			return cancelled
		}
		if p.tempo.still() {
			p.waiter.waitForNews()
			continue
		}
		var atEnd <-chan time.Time
		if end != never {
			at, ok := p.tempo.moment(end)
			if !ok { // the speed was 0 just now
				continue
			}
			left := time.Until(at)
			if left <= 0 {
				return over
			}
			p.waiter.timer.Reset(left)
			atEnd = p.waiter.timer.C
		}
		if p.slots.available(hits, workers) {
			return give
		}
		p.slots.await(hits, workers, atEnd, p.waiter.done)
	}
}

// advance waits for the next stage's beginning and enters it, or stops when there
// is none.
func (p *Pacer) advance(hits uint64) {
	next := p.track.last() + 1
	if next == len(p.schedule.spans) {
		p.stop(Completed)
		return
	}
	begin := p.begins(next)
	if _, ok := p.waiter.until(func() (time.Time, bool) { return p.tempo.moment(begin) }); !ok {
		if n, exact := p.schedule.planned(next); n == 0 && exact {
			p.stop(Completed) // nothing was left but stages without a request
		} else {
			p.stop(Stopped)
		}
		return
	}
	p.finish = begin + p.schedule.rest(next)
	now := time.Now()
	p.tempo.enter(!p.schedule.spans[next].open(), begin)
	p.track.enter(startedStage{begin: begin, first: hits, at: now, gave: time.Duration(p.gave.Load())})
	if p.options.OnStage != nil {
		at, known := p.tempo.moment(begin)
		if !known {
			at = now // the speed has been set to 0 since
		}
		p.options.OnStage(next, at)
	}
}

// begins is when a stage begins, once the stage before it is over.
func (p *Pacer) begins(stage int) time.Duration {
	if stage == 0 {
		return 0
	}
	before := &p.schedule.spans[stage-1]
	if before.timeless() {
		return p.turned
	}
	return p.track.stages[stage-1].begin + before.length
}

func (p *Pacer) stop(end End) {
	p.waiter.close()
	p.stopped = time.Now()
	p.cancel()
	p.end.Store(uint32(end))
}
