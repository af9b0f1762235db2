package pace

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Iteration is a request as it was planned.
type Iteration struct {
	Number   uint64    // of the whole schedule, where the pacer's is a shard of it
	Stage    int       // index of the stage it belongs to
	Open     bool      // whether it has an intended time: false in a closed-loop stage
	Intended time.Time // zero unless Open
}

// End is the reason why a Pacer stopped.
type End uint8

const (
	Running   End = iota // it has not stopped
	Completed            // every request of the schedule was given out
	Stopped              // its context was cancelled
	Late                 // requests were still due when the overrun was over
)

// minOverrun is the least overrun. The last requests are due just before the end of
// the schedule, and must not be lost to a pause of the process.
const minOverrun = 100 * time.Millisecond

// Options of a Pacer.
type Options struct {
	// Overrun is how long after the end of the schedule late requests of open stages
	// are still given out; less than 100ms counts as 100ms. A closed-loop stage
	// with a count that is still ahead counts as taking no time.
	Overrun time.Duration
	// Begin is the schedule's zero. The zero Time means the moment of NewPacer.
	Begin time.Time
	// OnStage, if set, is called from Pace as each stage begins, in order and once
	// for each, also for those without a request. at is the moment at which the stage
	// begins by the schedule; the call comes later when requests of the stage before
	// were late. It must return soon.
	OnStage func(stage int, at time.Time)
	// Sleep finishes each wait precisely; it is given at most some milliseconds and
	// may return early. The default is a timer of the kernel on Linux and time.Sleep
	// elsewhere.
	Sleep func(time.Duration)
}

// Pacer gives out the requests of a schedule, each when it is due. It satisfies the
// pacer interfaces of vegeta and ghz.
//
// Pace is called by one goroutine; everything else may be called by any. In a
// closed-loop stage at most its number of workers are in flight, counting requests
// of earlier stages that have not ended. Such a stage is over at its planned end
// if it has a duration, also when late requests before it have used up its time; if
// it has a count, the next stage begins as its last request is given out.
type Pacer struct {
	schedule *Schedule
	options  Options
	waiter   *waiter
	slots    *slots
	track    *track
	tempo    *tempo
	given    atomic.Uint64
	gave     atomic.Int64 // when the last tardy one of them was, in nanoseconds after Options.Begin
	end      atomic.Uint32
	cancel   context.CancelFunc // ends the waiter's waits
	stopped  time.Time          // when it stopped; written before end is

	// Of Pace alone.
	finish time.Duration // end of the schedule, as far as is known in this stage
	turned time.Duration // when a closed loop gave out the last request of its count
}

// NewPacer makes a Pacer, which stops when ctx is cancelled. It holds nothing
// that must be released, but for what Pace releases when it says stop.
func NewPacer(ctx context.Context, s *Schedule, o Options) *Pacer {
	if o.Begin.IsZero() {
		o.Begin = time.Now()
	}
	o.Overrun = max(o.Overrun, minOverrun)
	tempo := newTempo(o.Begin)
	ctx, cancel := context.WithCancel(ctx)
	return &Pacer{
		schedule: s,
		options:  o,
		cancel:   cancel,
		waiter:   newWaiter(ctx.Done(), tempo.changed, o.Sleep),
		tempo:    tempo,
		slots:    newSlots(),
		track:    newTrack(len(s.spans)),
	}
}

// Stop makes Pace say stop, as if the pacer's context had been cancelled: also while
// it waits for a request. Any goroutine may call it.
func (p *Pacer) Stop() { p.cancel() }

// SetSpeed runs the schedule speed times as fast from now on: all rates
// of open stages are that many times as high, and last accordingly shorter, so
// that the number of requests planned stays. 0 pauses the schedule, and no request is
// given out until the speed is another; what was due before the pause still is. A
// closed loop, which has no rate, only heeds the pause. What was given out keeps its
// intended time. Any goroutine may call it.
//
// It panics if speed is negative or no number.
func (p *Pacer) SetSpeed(speed float64) {
	if !(speed >= 0 && speed <= math.MaxFloat64) {
		panic(fmt.Sprintf("pace: speed %v", speed))
	}
	p.tempo.set(speed, p.End() == Running)
}

// Speed is the speed as it was set; 1 at first.
func (p *Pacer) Speed() float64 {
	p.tempo.mu.Lock()
	defer p.tempo.mu.Unlock()
	return p.tempo.speed
}

// Took is how long the schedule's first d takes, or took, in real time, at the
// speeds up to now and the present one. It is not ok during a pause before its end.
func (p *Pacer) Took(d time.Duration) (time.Duration, bool) {
	at, ok := p.tempo.moment(d)
	return at.Sub(p.options.Begin), ok
}

// Offset is how far the schedule is at a moment.
func (p *Pacer) Offset(now time.Time) time.Duration {
	offset, _ := p.tempo.offset(now)
	return offset
}

// Moment is when the schedule is at an offset, at the speeds up to now and the
// present one. It is not ok during a pause before that.
func (p *Pacer) Moment(offset time.Duration) (at time.Time, ok bool) { return p.tempo.moment(offset) }

// Rate is the wanted rate at a time after Begin, in requests per second: 0 in a
// closed loop, during a pause and outside the schedule.
func (p *Pacer) Rate(elapsed time.Duration) float64 {
	offset, speed := p.tempo.offset(p.options.Begin.Add(elapsed))
	i := p.track.at(offset)
	if i < 0 {
		return speed * p.schedule.rate(0, offset)
	}
	return speed * p.schedule.rate(i, offset-p.track.stages[i].begin)
}

// Iteration returns request n as it was planned. It must have been given out.
func (p *Pacer) Iteration(n uint64) Iteration {
	i := p.track.holding(n)
	if i < 0 {
		return Iteration{}
	}
	span, entry := &p.schedule.spans[i], p.track.stages[i]
	if !span.open() {
		return Iteration{Number: p.schedule.Number(n), Stage: i}
	}
	intended, _ := p.tempo.moment(entry.begin + span.at(n-entry.first))
	return Iteration{Number: p.schedule.Number(n), Stage: i, Open: true, Intended: intended}
}

// Done reports that a request has ended. It is called once for each request given out.
func (p *Pacer) Done() { p.slots.free() }

// Given is the number of requests given out so far.
func (p *Pacer) Given() uint64 { return p.given.Load() }

// Planned is the number of requests of the schedule, of which Given were given out.
// While a closed-loop stage with a duration is ahead or under way it is not
// exact: such a stage counts as none, or as the requests given so far. Once it is
// over, or the pacer has stopped, it is what the stage gave.
func (p *Pacer) Planned() (n uint64, exact bool) {
	ended := p.End() != Running // first: what is read after it is then final
	given := p.given.Load()
	i := p.track.last()
	if i < 0 {
		n, exact = p.schedule.planned(0)
		return n, exact || ended
	}
	n, exact = p.schedule.planned(i)
	n += p.track.stages[i].first
	if p.schedule.spans[i].endless() && given > p.track.stages[i].first {
		n += given - p.track.stages[i].first
	}
	return n, exact || ended
}

// End returns the reason why Pace stopped.
func (p *Pacer) End() End { return End(p.end.Load()) }

// Stage is the index of the stage now under way: 0 before the first begins, and
// the last to have begun when the pacer has stopped.
func (p *Pacer) Stage() int { return max(0, p.track.last()) }
