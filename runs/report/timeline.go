package report

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Bounds of a timeline. Beyond maxCells the cells are merged in pairs, so that the longest
// run has between half and all of them.
const (
	maxCells  = 360
	firstCell = 125 * time.Millisecond // width of a cell at first; later twice as much, and so on
	fewCells  = 60                     // a timeline with no more is not merged for want of requests
	enough    = 200                    // requests in a cell that a percentile makes sense of
)

// timeline is what became of requests, by the time at which each was due.
//
// Cells lie on one grid for all attacks of a run, so that those of several can be added.
type timeline struct {
	base  time.Time     // of the grid
	width time.Duration // of a cell; 0 before the first request
	first int           // number of the first cell, counted from base
	cells []cell
}

// cell is an interval of a timeline. All its parts add up, and so two cells can be one.
type cell struct {
	due     uint64 // by the schedule of open stages
	sent    uint64 // in this interval, whenever they were due
	ok      uint64
	bad     uint64 // answered with a bad status
	failed  uint64
	notSent uint64

	response, service *summary.Times // nil without a value
	phases            [phaseCount]time.Duration
	slowest, wrong    *Request // the slowest, and the first that is an error
}

// add counts a request.
func (t *timeline) add(r *arrival) {
	c := t.at(r.Intended)
	if r.Open && r.Due() {
		c.due++
	}
	if r.Outcome == loadgen.NotSent {
		c.notSent++
		return
	}
	if !r.Due() { // cut off: how long we let it go on says nothing of the target
		t.at(r.Sent).sent++
		return
	}
	c.count(r)
	c.time(r)
	t.at(r.Sent).sent++
}

func (c *cell) count(r *arrival) {
	switch {
	case r.Outcome == loadgen.Failed:
		c.failed++
	case r.OK():
		c.ok++
	default:
		c.bad++
	}
	if !r.OK() && c.wrong == nil {
		c.wrong = r.keep()
	}
}

func (c *cell) time(r *arrival) {
	if c.response == nil {
		c.response, c.service = summary.NewTimes(), summary.NewTimes()
	}
	response := r.ResponseTime()
	c.response.Add(response)
	c.service.Add(r.ServiceTime())
	for i, d := range phasesOf(&r.Phases) {
		c.phases[i] += d
	}
	if c.slowest == nil || response > c.slowest.ResponseTime() {
		c.slowest = r.keep()
	}
}

// at is the cell of a time. It makes room for it, whatever the time is.
func (t *timeline) at(when time.Time) *cell {
	if t.width == 0 {
		t.width = firstCell
		t.first = t.index(when)
	}
	for {
		switch i := t.index(when); {
		case i >= maxCells, i < len(t.cells)-maxCells:
			t.coarsen()
		case i < 0:
			t.first += i
			t.cells = append(make([]cell, -i), t.cells...)
		case i >= len(t.cells):
			t.cells = append(t.cells, make([]cell, i+1-len(t.cells))...)
		default:
			return &t.cells[i]
		}
	}
}

// index of the cell of a time, below 0 for one before the first.
func (t *timeline) index(when time.Time) int {
	d := when.Sub(t.base)
	i := d / t.width
	if d%t.width < 0 {
		i--
	}
	return int(i) - t.first
}

func (t *timeline) begin(i int) time.Time {
	return t.base.Add(time.Duration(t.first+i) * t.width)
}

// coarsen makes each two cells of the grid one.
func (t *timeline) coarsen() {
	odd := t.first & 1 // the first cell is the second of its pair
	n := (len(t.cells) + odd + 1) / 2
	for i := range n {
		var one cell
		for j := max(2*i-odd, 0); j < min(2*i-odd+2, len(t.cells)); j++ {
			one.merge(&t.cells[j])
		}
		t.cells[i] = one
	}
	clear(t.cells[n:])
	t.cells = t.cells[:n]
	t.first >>= 1
	t.width *= 2
}

func (c *cell) merge(o *cell) {
	c.due += o.due
	c.sent += o.sent
	c.ok += o.ok
	c.bad += o.bad
	c.failed += o.failed
	c.notSent += o.notSent
	for i := range c.phases {
		c.phases[i] += o.phases[i]
	}
	c.response, c.service = mergeTimes(c.response, o.response), mergeTimes(c.service, o.service)
	if o.slowest != nil && (c.slowest == nil || o.slowest.ResponseTime() > c.slowest.ResponseTime()) {
		c.slowest = o.slowest
	}
	if o.wrong != nil && (c.wrong == nil || o.wrong.Intended.Before(c.wrong.Intended)) {
		c.wrong = o.wrong
	}
}

// mergeTimes adds b to a, and returns the one that there is if there is one only.
func mergeTimes(a, b *summary.Times) *summary.Times {
	switch {
	case a == nil:
		return b
	case b != nil:
		a.Merge(b)
	}
	return a
}

// timed is the number of requests in the cell whose time counts.
func (c *cell) timed() uint64 {
	if c.response == nil {
		return 0
	}
	return c.response.Count()
}
