package joinmetrics

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// MaxSeries bounds the attacks that are distinguished at a time, each with a histogram for
// each component and each overlap. Those beyond share an overflow series.
const MaxSeries = 100

// overlaps are the values of join.gc.overlap, by index.
var overlaps = [...]string{"unknown", window.OverlapNo, window.OverlapPossible, window.OverlapYes}

// attackKey identifies a series of the ledger; of other tools' spans both are
// empty.
type attackKey struct {
	run, attack string
}

type attack struct {
	key        attackKey
	overflow   bool
	began      time.Time // since when its series count
	active     time.Time // the last collection before which a request of it left
	idle       bool      // none has left since
	components [ledger.Components]*histogram
	response   [len(overlaps)]*histogram
}

type requestKey struct {
	status annotate.Status
	reason join.Reason
}

type signalKey struct {
	signal string
	state  string
}

// counter is one series of a count, in the order in which it appeared.
type counter[K comparable] struct {
	index     map[K]int
	keys      []K
	n         []uint64
	collected int // how many of keys have been collected
}

func (c *counter[K]) add(k K) {
	i, ok := c.index[k]
	if !ok {
		if c.index == nil {
			c.index = map[K]int{}
		}
		i = len(c.keys)
		c.index[k] = i
		c.keys, c.n = append(c.keys, k), append(c.n, 0)
	}
	c.n[i]++
}

// Meter counts from Began. The series of an attack of which no request has left for Idle
// end: a collection marks them as stale, and those of further requests begin anew.
type Meter struct {
	began     time.Time
	collected time.Time // the last time
	exemplars int
	attacks   []*attack
	byKey     map[attackKey]*attack
	overflow  *attack // among attacks; nil if there is none
	requests  counter[requestKey]
	signals   counter[signalKey]
}

// Idle is how long the series of an attack outlive its last request: longer than the range
// of alerts and of the rates in dashboards.
const Idle = 2 * time.Minute

// New makes a meter that keeps so many exemplars of each series.
func New(began time.Time, exemplars int) *Meter {
	return &Meter{began: began, collected: began, exemplars: exemplars, byKey: map[attackKey]*attack{}}
}

// Add counts a request. It does not keep the result.
func (m *Meter) Add(r *annotate.Result, e annotate.Expected, kept bool) {
	m.requests.add(requestKey{r.Status, r.Reason})
	m.coverage(r, e)
	a := m.attack(attackKey{r.Client.Run, r.Client.Attack})
	x := exemplar{at: pcommon.NewTimestampFromTime(r.Client.Done), trace: r.Trace, span: r.Span}
	for p, d := range r.Ledger {
		if d == 0 {
			continue
		}
		x.value = max(d, 0).Seconds()
		add(&a.components[p], x, kept, m.exemplars)
	}
	x.value = max(r.Client.Request.Response, 0).Seconds()
	i := 0
	for j, name := range overlaps {
		if name == r.Runtime.GC.Overlap {
			i = j
		}
	}
	add(&a.response[i], x, kept, m.exemplars)
}

func add(h **histogram, x exemplar, kept bool, room int) {
	if *h == nil {
		*h = newHistogram()
	}
	(*h).add(x, kept, room)
}

// coverage counts each signal that has a pipeline as joined, or by why it is missing or
// not expected.
func (m *Meter) coverage(r *annotate.Result, e annotate.Expected) {
	server, runtime, logs := "joined", cmp.Or(string(r.NoRuntime), "joined"), cmp.Or(string(r.NoLogs), "joined")
	lookedUp := r.NoLogs != "" || len(r.Lines) > 0 || r.LinesCut > 0
	for _, why := range r.Missing {
		switch why {
		case annotate.NoServerSpan, annotate.NotSampled:
			server = string(why)
		case annotate.NoRuntime, annotate.RuntimeTooOld:
			runtime = string(why)
		case annotate.NoLogs:
			logs, lookedUp = string(why), true
		case annotate.Implausible:
			if r.Implausible {
				server = string(why)
			}
			if r.Runtime.Implausible && !r.Runtime.Known() {
				runtime = string(why)
			}
		}
	}
	m.signals.add(signalKey{"server", server})
	if e.Runtime {
		m.signals.add(signalKey{"runtime", runtime})
	}
	if e.Logs || lookedUp {
		m.signals.add(signalKey{"logs", logs})
	}
}

func (m *Meter) attack(k attackKey) *attack {
	a := m.byKey[k]
	switch {
	case a != nil:
	case len(m.byKey) < MaxSeries:
		a = m.begin(&attack{key: k})
		m.byKey[k] = a
	case m.overflow != nil:
		a = m.overflow
	default:
		a = m.begin(&attack{overflow: true})
		m.overflow = a
	}
	a.idle = false
	return a
}

// begin an attack: at the last collection it had counted nothing.
func (m *Meter) begin(a *attack) *attack {
	a.began = m.collected
	m.attacks = append(m.attacks, a)
	return a
}

// ended reports whether no request of an attack has left for so long that its series end.
func (a *attack) ended(now time.Time) bool {
	if !a.idle {
		a.idle, a.active = true, now
	}
	return now.Sub(a.active) >= Idle
}

// forget attacks that have ended.
func (m *Meter) forget(gone map[*attack]bool) {
	if len(gone) == 0 {
		return
	}
	m.attacks = slices.DeleteFunc(m.attacks, func(a *attack) bool { return gone[a] })
	maps.DeleteFunc(m.byKey, func(_ attackKey, a *attack) bool { return gone[a] })
	if gone[m.overflow] {
		m.overflow = nil
	}
}
