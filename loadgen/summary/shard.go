package summary

import (
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Shard identifies the shard that a summary covers, if several processes run the
// plan together. Everything else in the summary covers that shard only.
type Shard struct {
	Index int `json:"index"` // from 0
	Count int `json:"count"`
	// Clock is how well the machine's clock agrees with those of the other shards'
	// machines, which bounds how closely the shards start together.
	Clock vitals.Clock `json:"clock"`
	// Ended is set if the whole run was ended by a threshold of the plan, as the collector of
	// the shards said (run --coordinate).
	Ended *WholeStop `json:"ended_by_whole,omitempty"`
	// Unwatched are times in which no collector watched the whole run, in seconds since the
	// summary's Began; nil if there was none to be.
	Unwatched []Span `json:"unwatched,omitempty"`
}

// Span is a time, in seconds since a run began.
type Span struct {
	From Seconds `json:"from"`
	To   Seconds `json:"to"`
}

// NewShard returns the shard p, or nil if p is the whole plan.
func NewShard(p pace.Shard, clock vitals.Clock) *Shard {
	if p.Whole() {
		return nil
	}
	return &Shard{Index: p.Index, Count: p.Count, Clock: clock}
}

func (s *Shard) String() string { return pace.Shard{Index: s.Index, Count: s.Count}.String() }

// Words describes in a sentence which shard the summary covers and what is known of its clock.
func (s *Shard) Words() string {
	what := fmt.Sprintf("shard %s of the run: figures, thresholds and verdict cover this shard only; ", s)
	c := s.Clock
	switch {
	case c.Synchronised == nil:
		return what + "it is not known whether this machine's clock is synchronised"
	case !*c.Synchronised:
		return what + "the kernel reports that this machine's clock is not synchronised, so the shards may not have started together"
	default:
		bound := time.Duration(*c.MaxError * float64(time.Second)).Round(time.Microsecond)
		return what + fmt.Sprintf("the kernel reports that this machine's clock is right to within %s", bound)
	}
}
