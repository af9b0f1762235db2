package runner

import "time"

// EventKind is what an Event tells.
type EventKind string

const (
	RunStarted    EventKind = "run.start"
	AttackStarted EventKind = "attack.start"
	StageStarted  EventKind = "stage.start"
	SpeedChanged  EventKind = "attack.speed"
	AttackEnded   EventKind = "attack.stop"
)

// Event is something that happened to a run.
type Event struct {
	Kind   EventKind
	Time   time.Time
	Attack int     // index, -1 for the run
	Stage  int     // index, -1 for the run or the attack
	Speed  float64 // of SpeedChanged
}
