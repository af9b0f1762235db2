package hub

import (
	"slices"
	"sync/atomic"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
)

var (
	statuses = [...]annotate.Status{annotate.Complete, annotate.Partial, annotate.None}
	missings = [...]annotate.Missing{
		annotate.NoServerSpan, annotate.NotSampled, annotate.NoRuntime, annotate.RuntimeTooOld, annotate.NoLogs, annotate.NoClock, annotate.Implausible,
	}
)

var absences = [...]annotate.Absent{annotate.NotGo, annotate.RuntimeNeverSent, annotate.LogsNeverSent}

// coverage counts the requests of Options.Own that have left, by status, by what they lack, and by what
// is not expected of them.
type coverage struct {
	status     [len(statuses)]atomic.Int64
	missing    [len(missings)]atomic.Int64
	absent     [len(absences)]atomic.Int64
	unobserved atomic.Int64 // released without a mark, before any target was observed
}

func (c *coverage) addUnobserved(o *outcome) {
	for i := range o.left.Clients {
		if o.left.Clients[i].Own {
			c.unobserved.Add(1)
		}
	}
}

func (c *coverage) add(o *outcome) {
	var status [len(statuses)]int64
	var missing [len(missings)]int64
	var absent [len(absences)]int64
	for i, results := 0, o.results; i < len(results); i++ {
		if !o.left.Clients[i].Own {
			continue
		}
		status[slices.Index(statuses[:], results[i].Status)]++
		for _, m := range results[i].Missing {
			missing[slices.Index(missings[:], m)]++
		}
		for _, a := range [...]annotate.Absent{results[i].NoRuntime, results[i].NoLogs} {
			if a != "" {
				absent[slices.Index(absences[:], a)]++
			}
		}
	}
	for i, n := range status {
		if n > 0 {
			c.status[i].Add(n)
		}
	}
	for i, n := range missing {
		if n > 0 {
			c.missing[i].Add(n)
		}
	}
	for i, n := range absent {
		if n > 0 {
			c.absent[i].Add(n)
		}
	}
}

// Coverage of the requests of Options.Own that have left: by status, by what they lack, of which a
// request may lack several, and by what is not expected of them.
type Coverage struct {
	Complete, Partial, None int64
	Missing, Absent         map[string]int64 // above 0 only
}

// Coverage until now. Requests released before a target was first observed count as
// without a server span once there was one; while there is none, they do not count.
func (h *Hub) Coverage() Coverage {
	c := &h.coverage
	v := Coverage{
		Complete: c.status[0].Load(), Partial: c.status[1].Load(), None: c.status[2].Load(),
		Missing: map[string]int64{}, Absent: map[string]int64{},
	}
	for i, m := range missings {
		if n := c.missing[i].Load(); n > 0 {
			v.Missing[string(m)] = n
		}
	}
	for i, a := range absences {
		if n := c.absent[i].Load(); n > 0 {
			v.Absent[string(a)] = n
		}
	}
	if n := c.unobserved.Load(); n > 0 && !h.presence.pending() {
		v.None += n
		v.Missing[string(annotate.NoServerSpan)] += n
	}
	return v
}
