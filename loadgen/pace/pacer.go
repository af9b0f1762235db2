package pace

import (
	"context"
	"time"
)

// Hit is what is known of a hit before it is sent.
type Hit struct {
	Stage    int       // index of the stage it belongs to
	Open     bool      // whether it has an intended time: false in a closed-loop stage
	Intended time.Time // zero unless Open
}

// End says why a Pacer stopped.
type End uint8

const (
	Running   End = iota // it has not stopped
	Completed            // every hit of the schedule was given out
	Stopped              // its context was cancelled
	Late                 // hits were still due when the overrun was over
)

// Options of a Pacer.
type Options struct {
	// Overrun is how long after the end of the schedule late hits are still given out.
	Overrun time.Duration
	// Begin is the schedule's zero.
	Begin time.Time
}

// Pacer ...
type Pacer struct{}

// NewPacer ...
func NewPacer(ctx context.Context, s *Schedule, o Options) *Pacer { panic("unwritten") }

// Pace waits until hit number hits is due and returns 0, false; or returns 0, true when there is none left ...
func (p *Pacer) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	panic("unwritten")
}

// Rate ...
func (p *Pacer) Rate(elapsed time.Duration) float64 { panic("unwritten") }

// Hit ...
func (p *Pacer) Hit(n uint64) Hit { panic("unwritten") }

// Done tells that a hit has ended.
func (p *Pacer) Done() { panic("unwritten") }

// Given ...
func (p *Pacer) Given() uint64 { panic("unwritten") }

// Planned ...
func (p *Pacer) Planned() (n uint64, exact bool) { panic("unwritten") }

// End ...
func (p *Pacer) End() End { panic("unwritten") }
