package report

import (
	"math"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// maxAttacks bounds the attacks that have a timeline of their own; the requests of the
// others are in that of all attacks.
const maxAttacks = 8

// Builder takes the requests of a run and makes Data of them. It keeps histograms and a
// bounded number of requests: about 3 MiB for each of the first eight attacks, and at most
// 10 MiB more as single buckets count beyond 255 and 65,535.
//
// Add may be called by many goroutines at once.
type Builder struct {
	attacks []*attack
	base    sync.Once // gives the grids of all timelines their base
	joins   joins
}

// attack is what a Builder knows of one attack; of the last also of all behind it.
type attack struct {
	name string

	mu       sync.Mutex // guards all below
	timeline timeline
	targets  targets
	worst    worst
	untimed  uint64 // requests that were not sent and never had a time
}

// NewBuilder makes a builder for a run of attacks with names, in the order of the plan.
func NewBuilder(names ...string) *Builder {
	b := &Builder{}
	for i, name := range names {
		if i == maxAttacks-1 && len(names) > maxAttacks {
			name = otherTarget
		}
		if i < maxAttacks {
			b.attacks = append(b.attacks, &attack{name: name})
		}
	}
	if len(b.attacks) == 0 {
		b.attacks = append(b.attacks, &attack{})
	}
	return b
}

// Add takes a request. It is a loadgen.Sink and keeps nothing of the record that may
// change.
func (b *Builder) Add(r *loadgen.Record) { b.add(&arrival{Record: r}, "") }

// add takes a request with the route by which the target answered it, if it is known.
func (b *Builder) add(r *arrival, route string) {
	b.base.Do(func() {
		for _, a := range b.attacks {
			a.timeline.base = r.Intended
		}
	})
	a := b.attacks[min(max(r.Attack, 0), len(b.attacks)-1)]
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Intended.IsZero() || r.Outcome != loadgen.NotSent && (r.Sent.IsZero() || r.Done.IsZero()) {
		a.untimed++
		return
	}
	a.timeline.add(r)
	a.targets.add(r.Record, route)
	a.worst.add(r)
}

// Data is all that a report shows of a run. What comes of several places (a run under way,
// an archive) is filled in by whoever has it; nil and empty is what is not known.
type Data struct {
	Summary *summary.Summary
	// Series are of all attacks, and then of each if there are several.
	Series  []Series
	Targets []Target
	// Requests are the slowest and the wrong ones of the run and of its intervals, the
	// slowest first.
	Requests []*Request
	// Ledger and Collections are of requests that were joined to the target's telemetry.
	Ledger      Ledger
	Collections Collections
	Runtime     []Runtime
	// Notes are sentences about the data, such as that an archive is incomplete.
	Notes []string
}

// Series are figures over time.
type Series struct {
	Name      string
	Width     time.Duration // of an interval
	Intervals []Interval
	// Response and Service are distributions over the whole run; nil without a request.
	Response, Service *summary.Times
}

// Interval is what became of the requests that were due in a stretch of time.
type Interval struct {
	Begin   time.Time
	Due     uint64 // requests of open stages
	Sent    uint64 // requests sent in the interval, whenever they were due
	OK      uint64
	Bad     uint64 // answered with a bad status
	Failed  uint64
	NotSent uint64
	// Response and Service are distributions; nil without a request.
	Response, Service *summary.Times
	// Phases are means, in the order of phaseNames; zero without a request.
	Phases [phaseCount]time.Duration
	// Slowest and Wrong are indices of Data.Requests, −1 for none: the slowest request, and
	// the first error.
	Slowest, Wrong int
}

// Data makes the data of a run from its requests until now and from its summary, which
// must not change. It is called once, after the last Add: what it hands out is the
// builder's own.
func (b *Builder) Data(s *summary.Summary) *Data {
	d := &Data{Summary: s}
	var lines []*timeline
	var names []string
	g := &gathering{}
	for _, a := range b.attacks {
		a.mu.Lock()
		if len(a.timeline.cells) > 0 {
			lines, names = append(lines, &a.timeline), append(names, a.name)
		}
		d.Targets = append(d.Targets, a.targets.list(a.name)...)
		for _, r := range a.worst.slowest {
			g.add(r)
		}
		for _, of := range a.worst.errors {
			for _, r := range of {
				g.add(r)
			}
		}
		a.mu.Unlock()
	}
	all := together(lines)
	for i := range all.cells {
		g.add(all.cells[i].slowest)
		g.add(all.cells[i].wrong)
	}
	g.sort()
	d.Requests = g.all
	b.joins.fill(d)
	if len(lines) > 0 {
		d.Series = append(d.Series, all.series("all attacks", g))
	}
	for i := 0; i < len(lines) && len(lines) > 1; i++ {
		d.Series = append(d.Series, lines[i].series(names[i], g))
	}
	return d
}

// together is one timeline of several, which all come out with its width.
func together(lines []*timeline) *timeline {
	if len(lines) == 0 {
		return &timeline{}
	}
	all := &timeline{base: lines[0].base, width: lines[0].width}
	for _, t := range lines {
		all.width = max(all.width, t.width)
	}
	for !fits(lines, all.width) {
		all.width *= 2
	}
	all.first = math.MaxInt
	for _, t := range lines {
		for t.width < all.width {
			t.coarsen()
		}
		all.first = min(all.first, t.first)
	}
	for _, t := range lines {
		for i := range t.cells {
			all.at(t.begin(i)).mergeCopy(&t.cells[i])
		}
	}
	for len(all.cells) > fewCells && all.timed() < enough*uint64(len(all.cells)) {
		all.coarsen()
		for _, t := range lines {
			t.coarsen()
		}
	}
	return all
}

// fits reports whether timelines together have no more than maxCells of a width.
func fits(lines []*timeline, width time.Duration) bool {
	first, last := lines[0].begin(0), lines[0].begin(len(lines[0].cells))
	for _, t := range lines {
		if at := t.begin(0); at.Before(first) {
			first = at
		}
		if at := t.begin(len(t.cells)); at.After(last) {
			last = at
		}
	}
	return last.Sub(first)/width < maxCells-2
}

func (t *timeline) timed() (n uint64) {
	for i := range t.cells {
		n += t.cells[i].timed()
	}
	return n
}

// mergeCopy is merge without taking what o holds over.
func (c *cell) mergeCopy(o *cell) {
	copied := *o
	copied.response, copied.service = cloneTimes(o.response), cloneTimes(o.service)
	c.merge(&copied)
}

func cloneTimes(t *summary.Times) *summary.Times {
	if t == nil {
		return nil
	}
	c := summary.NewTimes()
	c.Merge(t)
	return c
}

// series of a timeline.
func (t *timeline) series(name string, g *gathering) Series {
	s := Series{Name: name, Width: t.width, Intervals: make([]Interval, len(t.cells))}
	for i := range t.cells {
		c := &t.cells[i]
		at := &s.Intervals[i]
		*at = Interval{
			Begin: t.begin(i), Due: c.due, Sent: c.sent, OK: c.ok, Bad: c.bad, Failed: c.failed, NotSent: c.notSent,
			Response: c.response, Service: c.service, Slowest: g.index(c.slowest), Wrong: g.index(c.wrong),
		}
		if n := c.timed(); n > 0 {
			for p := range c.phases {
				at.Phases[p] = c.phases[p] / time.Duration(n)
			}
		}
		if c.response != nil {
			if s.Response == nil {
				s.Response, s.Service = summary.NewTimes(), summary.NewTimes()
			}
			s.Response.Merge(c.response)
			s.Service.Merge(c.service)
		}
	}
	return s
}
