package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Account is the state of one attack: what was planned, and what was not sent
// because its turn never came.
type Account struct {
	Planned uint64
	Exact   bool // false while a closed-loop stage without a count is ahead or under way
	Given   uint64
	// Recorded is the records handed to the sink. When the attack has ended it
	// equals Given; a difference is an error of ours.
	Recorded     uint64
	Unsent       uint64 // planned and never given out; 0 until the attack has ended
	UnsentReason loadgen.NotSentReason
	RateWanted   float64       // now, per second; 0 in a closed loop and when not under way
	Stage        int           // the stage under way
	Total        time.Duration // planned time of the attack at its speed; 0 if unknown
	Length       time.Duration // Total without the pauses in it; 0 if unknown
	Begun, Ended bool
	Begin        time.Time // if Begun
	At           time.Time // if Begun: the moment that the account is of, no later than the stop of the run
	Target       string    // what is attacked, for people

	// Stages is how far each stage is, in the attack's order, and Pauses are the
	// stretches of time in which the schedule stood still.
	Stages []pace.Progress
	Pauses []pace.Interval
}

// UnsentIn is the part of Unsent in a stage: its requests that were never given out.
func (c *Account) UnsentIn(stage int) uint64 {
	if c.Unsent == 0 || stage >= len(c.Stages) {
		return 0
	}
	return c.Stages[stage].Left
}

// attack runs one attack of the plan.
type attack struct {
	index    int
	spec     loadgen.Attack
	schedule *pace.Schedule
	engine   loadgen.Engine
	run      *Run

	begin    time.Time                  // set before pacer is
	pacer    atomic.Pointer[pace.Pacer] // nil until the attack begins
	recorded atomic.Uint64
	cut      atomic.Bool // a request was cut off, or left out
	endedAt  time.Time   // set before ended is
	ended    atomic.Bool

	mu    sync.Mutex // guards speed, and that the pacer has it
	speed float64
}

func (a *attack) do(ctx context.Context, begin time.Time) error {
	a.begin = begin
	p := pace.NewPacer(ctx, a.schedule, pace.Options{
		Begin:   begin,
		Overrun: a.run.plan.Limits.Overrun,
		OnStage: func(stage int, at time.Time) { a.run.emit(StageStarted, a.index, stage, at) },
	})
	a.mu.Lock()
	p.SetSpeed(a.speed)
	a.pacer.Store(p)
	a.mu.Unlock()
	a.run.emit(AttackStarted, a.index, -1, begin)
	err := a.engine.Run(ctx, p, func(r *loadgen.Record) {
		a.recorded.Add(1)
		switch {
		case r.Error == loadgen.ErrorCancelled:
			a.cut.Store(true)
		case r.Outcome == loadgen.NotSent && r.NotSent == loadgen.NotSentStopped:
			a.cut.Store(true)
			r.NotSent = a.run.stopReason()
		}
		a.run.o.Sink(r)
	})
	a.endedAt = time.Now()
	a.ended.Store(true)
	if p.End() == pace.Stopped || a.cut.Load() {
		a.run.stopped.Store(true)
	}
	a.run.emit(AttackEnded, a.index, -1, time.Now())
	if err != nil {
		return fmt.Errorf("attack %s: %w", a.spec.Name, err)
	}
	return nil
}

// setSpeed holds from now on, or from the beginning of the attack.
func (a *attack) setSpeed(speed float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.speed = speed
	if p := a.pacer.Load(); p != nil {
		p.SetSpeed(speed)
	}
}

func (a *attack) account() Account {
	c := Account{Recorded: a.recorded.Load(), Ended: a.ended.Load(), Target: a.target()}
	if d, exact := a.schedule.Duration(); exact {
		c.Total = d
	}
	p := a.pacer.Load()
	if p == nil {
		c.Planned, c.Exact = a.schedule.Planned()
		c.Unsent, c.UnsentReason = c.Planned, a.run.stopReason()
		c.Length, c.Stages = c.Total, a.schedule.Ahead()
		return c
	}
	c.Begun, c.Begin = true, a.begin
	now := time.Now()
	if c.Ended && p.End() != pace.Completed { // else the time of its last request goes on
		now = a.endedAt // of a pacer that an engine no longer asked
	}
	c.At = now
	if stop := a.run.stop.Load(); stop != nil && now.After(*stop) {
		c.At = *stop
	}
	c.Stages, c.Pauses = p.Progress(now)
	c.Length = c.Total
	if took, ok := p.Took(c.Total); ok && c.Total > 0 {
		c.Total = took
		c.Length = took - pace.Within(c.Pauses, c.Begin, c.Begin.Add(took))
	}
	c.Planned, c.Exact = p.Planned()
	c.Given, c.Stage = p.Given(), p.Stage()
	if !c.Ended {
		c.RateWanted = p.Rate(now.Sub(a.begin))
		return c
	}
	c.Unsent, c.UnsentReason = c.Planned-c.Given, a.unsentReason(p.End())
	return c
}

// unsentReason is why requests that a pacer never gave out were not sent.
func (a *attack) unsentReason(end pace.End) loadgen.NotSentReason {
	switch end {
	case pace.Stopped:
		return a.run.stopReason()
	case pace.Late:
		return loadgen.NotSentLate
	default:
		return loadgen.NotSentError
	}
}

func (a *attack) target() string {
	h, g := a.spec.HTTP, a.spec.GRPC
	switch {
	case g != nil:
		return "grpc " + g.Target + " " + g.Method
	case h == nil:
		return ""
	case h.Targets != nil:
		return "targets of " + filepath.Base(h.Targets.File)
	default:
		return h.Method + " " + loadgen.RedactURL(h.URL)
	}
}
