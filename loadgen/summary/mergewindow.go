package summary

import (
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// cell is a slice of the window of the whole run: what ended in it, in all shards.
type cell struct {
	from, to time.Time
	samples  sampleSums
	n        uint64 // of a rate
	count    float64
	due      float64
	taken    time.Duration // the longest of a shard
}

// cursor goes through the slices of a shard's window.
type cursor struct {
	shard string
	began time.Time // the shard's
	left  []Slice
}

func (c *cursor) from() time.Time { return c.began.Add(c.left[0].From) }

// observe slides a window over the slices of all shards, and has w observe it.
//
// Each shard cuts its slices by a clock of its own, a moment early or late, and a shard that
// stalled has a long one. So a slice of the whole ends where those of all shards end that
// have any left, to within half a slice. No more of them are held than a window has.
func (m *merger) observe(w *verdict.Watch, check int) error {
	cursors, err := m.cursors(check)
	if err != nil {
		return err
	}
	if cursors == nil {
		if !m.observeShards(w, check) {
			m.unjudged = append(m.unjudged, fmt.Sprintf("the threshold %s cannot be judged on the whole run: a shard did not keep all its windows, and not all shards kept to it", &m.checks[check]))
		}
		return nil
	}
	return m.slide(cursors, check, func(to time.Time, r verdict.Reading) {
		w.Observe(to.Sub(m.began()), []verdict.Reading{r})
	})
}

// slide slides a check's window over slices, and tells each of its figures once it is whole.
func (m *merger) slide(cursors []*cursor, check int, tell func(to time.Time, r verdict.Reading)) error {
	c := &m.checks[check]
	grid := grid{begin: m.firstSlice(cursors), length: c.Window / slicesPerWindow}
	var window []*cell
	for {
		next, err := grid.next(cursors)
		if err != nil || next == nil {
			return err
		}
		window = append(window, next)
		for len(window) > 1 && next.to.Sub(window[1].from) >= c.Window {
			window = window[1:]
		}
		if next.to.Sub(window[0].from) >= c.Window {
			tell(next.to, windowReading(c, window))
		}
	}
}

// cursors are those of the shards, nil if a shard has not kept all slices.
func (m *merger) cursors(check int) (list []*cursor, err error) {
	list = []*cursor{}
	for _, r := range m.shards {
		a := &r.sum.Addends.Checks[check]
		if a.Cut {
			return nil, nil
		}
		last := time.Duration(0)
		for i, s := range a.Slices {
			if s.From < 0 || s.To < s.From || s.To > maxOffset || i > 0 && s.From < last {
				return nil, fmt.Errorf("shard %s: its slices do not follow each other", r.shard)
			}
			last = s.To
		}
		list = append(list, &cursor{shard: r.shard.String(), began: r.sum.Began, left: a.Slices})
	}
	return list, nil
}

func (m *merger) firstSlice(cursors []*cursor) (first time.Time) {
	for _, c := range cursors {
		if len(c.left) > 0 && (first.IsZero() || c.from().Before(first)) {
			first = c.from()
		}
	}
	return first
}

// grid numbers the moments at which slices end.
type grid struct {
	begin  time.Time
	length time.Duration
}

func (g grid) number(at time.Time) int64 {
	return int64((at.Sub(g.begin) + g.length/2) / g.length)
}

// next takes the slices of the next cell from the cursors; nil if none is left.
func (g grid) next(cursors []*cursor) (*cell, error) {
	end := g.end(cursors)
	var out *cell
	for _, c := range cursors {
		for len(c.left) > 0 && (g.number(c.from()) < end) {
			if out == nil {
				out = &cell{from: c.from()}
			}
			if err := out.add(c); err != nil {
				return nil, fmt.Errorf("shard %s: %w", c.shard, err)
			}
			c.left = c.left[1:]
		}
	}
	return out, nil
}

// end is the number of the next moment at which slices of all shards begin that have some
// behind it. If there is none, it is behind all that are left.
func (g grid) end(cursors []*cursor) int64 {
	first := int64(-1)
	for _, c := range cursors {
		if len(c.left) > 0 && (first < 0 || g.number(c.from()) < first) {
			first = g.number(c.from())
		}
	}
	end := first + 1
	for moved := true; moved; {
		moved = false
		for _, c := range cursors {
			at, ok := slices.BinarySearchFunc(c.left, end, func(s Slice, end int64) int {
				return int(g.number(c.began.Add(s.From)) - end)
			})
			if !ok && at > 0 && at < len(c.left) {
				end, moved = g.number(c.began.Add(c.left[at].From)), true
			}
		}
	}
	return end
}

// add takes the first slice of a cursor.
func (c *cell) add(from *cursor) error {
	s := &from.left[0]
	if at := from.from(); at.Before(c.from) {
		c.from = at
	}
	c.to = later(c.to, from.began.Add(s.To))
	if r := s.Rate; r != nil {
		if err := countable(r); err != nil {
			return err
		}
		c.n += r.N
		c.count += r.Count
		c.due += r.Due
		c.taken = max(c.taken, r.Taken)
	}
	return c.samples.add(&s.Samples)
}

// windowReading is the figure of a window that is whole.
func windowReading(c *verdict.Check, window []*cell) verdict.Reading {
	var all cell
	for _, one := range window {
		all.samples.times.merge(&one.samples.times)
		all.samples.n += one.samples.n
		all.samples.matching += one.samples.matching
		all.n += one.n
		all.count += one.count
		all.due += one.due
		all.taken += one.taken
	}
	if c.Metric == loadgen.MetricRate {
		return windowRate(c, all.n, all.count, all.due, all.taken)
	}
	return all.samples.reading(c)
}

// observeShards has w observe a window whose slices a shard has not kept, from the shards'
// own results. The figure of the whole lies between those of the shards in every window, so
// if all kept to the limit, the whole did. Otherwise nothing is known, and it observes none.
func (m *merger) observeShards(w *verdict.Watch, check int) (known bool) {
	c := &m.checks[check]
	var values []float64
	sum := 0.0
	for _, r := range m.shards {
		if check >= len(r.sum.Verdict.Thresholds) {
			return false
		}
		t := &r.sum.Verdict.Thresholds[check]
		if t.Outcome == verdict.NoSamples {
			continue
		}
		if t.Outcome != verdict.Passed || t.Value == nil {
			return false
		}
		values, sum = append(values, *t.Value), sum+*t.Value
	}
	if c.Metric == loadgen.MetricRate && !c.Relative() && len(values) > 0 {
		values = []float64{sum} // each shard has its share of the limit
	}
	for _, v := range values {
		w.Observe(0, []verdict.Reading{{Value: v, Samples: 1}})
	}
	return true
}
