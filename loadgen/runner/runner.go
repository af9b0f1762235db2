package runner

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Open makes the engine of an attack. An error of bad input joins *pace.KeyError
// values.
type Open func(s Setup) (loadgen.Engine, error)

// Setup is what an engine is made from.
type Setup struct {
	Run    loadgen.RunID
	Index  int // of the attack in the plan
	Attack loadgen.Attack
	Limits loadgen.Limits
	Began  time.Time // the clock of the run: records' times are Began plus a monotonic offset
}

// Options of a Run.
type Options struct {
	ID   loadgen.RunID
	Open Open
	// Sink takes every record; see loadgen.Sink.
	Sink loadgen.Sink
	// Event is told of each event, one at a time; it must return soon.
	Event func(Event)
}

// EventKind is what an Event tells.
type EventKind string

const (
	RunStarted    EventKind = "run.start"
	AttackStarted EventKind = "attack.start"
	StageStarted  EventKind = "stage.start"
	AttackEnded   EventKind = "attack.stop"
)

// Event is something that happened to a run.
type Event struct {
	Kind   EventKind
	Time   time.Time
	Attack int // index, -1 for the run
	Stage  int // index, -1 for the attack
}

// Run is one execution of a plan.
type Run struct{}

// New checks the plan and opens its engines. Faults of the plan or of files it
// names are *pace.KeyError values, joined.
func New(plan *loadgen.Plan, o Options) (*Run, error) { panic("unwritten") }

// Do carries out the plan. It may be called once, and returns when the last
// request has ended and every engine is closed. Cancelling ctx stops the run in
// order. An error is an engine's, never a failed request.
func (r *Run) Do(ctx context.Context) error { panic("unwritten") }

// Began is the run's clock zero.
func (r *Run) Began() time.Time { panic("unwritten") }

// Account is the state of one attack's plan: what was planned, and what was not
// sent because its turn never came.
type Account struct {
	Planned      uint64
	Exact        bool // false while a closed-loop stage without a count is ahead or under way
	Given        uint64
	RateWanted   float64       // now, per second; 0 in a closed loop
	Total        time.Duration // planned time of the attack; 0 if unknown
	Recorded     uint64        // records handed to the sink
	Unsent       uint64        // planned and never given out; final when Do has returned
	UnsentReason loadgen.NotSentReason
	Ended        bool
	Target       string // what is attacked, for people
}

// Accounts of the attacks, in the plan's order. It may be called at any time.
func (r *Run) Accounts() []Account { panic("unwritten") }

// Stopped reports whether the run ended before its plan did.
func (r *Run) Stopped() bool { panic("unwritten") }
