package summary

import (
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Part says which part of a run a summary is of, where several processes carry it
// out together. All else in the summary is of that part alone.
type Part struct {
	Index int `json:"index"` // from 0
	Count int `json:"count"`
	// Clock is how well the machine's clock agrees with those of the other parts'
	// machines: they begin together no better than that.
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

// NewPart is nil if p is the whole.
func NewPart(p pace.Part, clock vitals.Clock) *Part {
	if p.Whole() {
		return nil
	}
	return &Part{Index: p.Index, Count: p.Count, Clock: clock}
}

func (p *Part) String() string { return pace.Part{Index: p.Index, Count: p.Count}.String() }

// Words say in a sentence what the summary is of, and what is known of its clock.
func (p *Part) Words() string {
	what := fmt.Sprintf("part %s of the run: figures, thresholds and verdict are of this part alone; ", p)
	c := p.Clock
	switch {
	case c.Synchronised == nil:
		return what + "whether this machine's clock is synchronised with the others' is not known"
	case !*c.Synchronised:
		return what + "this machine's clock is not synchronised, by its kernel, so the parts may not have begun together"
	default:
		bound := time.Duration(*c.MaxError * float64(time.Second)).Round(time.Microsecond)
		return what + fmt.Sprintf("this machine's clock is right to within %s, by its kernel", bound)
	}
}
