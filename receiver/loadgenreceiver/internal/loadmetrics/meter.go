package loadmetrics

import (
	"time"

	"github.com/loadtrace/loadtrace/internal/splitmix64"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

// MaxSeries bounds the series of loadgen.response_time, of the service times of both
// protocols together, and of loadgen.requests. The series of all other
// metrics are bounded by the attacks of the plan.
const MaxSeries = 1000

// Options of a Meter.
type Options struct {
	Origin    resource.Attributes
	Run       loadgen.RunID
	Plan      *loadgen.Plan
	Began     time.Time // start time of every cumulative point
	Exemplars int       // of each series, between two collections
	Seed      uint64    // of the choice of exemplars
	MaxSeries int       // 0 is the constant
}

// Meter counts the records of one run.
type Meter struct {
	o      Options
	run    string
	random splitmix64.Source

	collected time.Time // the last time

	latencies latencies
	outcomes  outcomes
	attacks   []attack // in the plan's order
	sent      uint64
}

// attack is what is measured of an attack as a whole.
type attack struct {
	lag      *histogram // nil until an open-loop record came
	phases   [len(phaseNames)]*histogram
	dialed   uint64
	reused   uint64
	sent     int64 // bytes
	received int64 // bytes
	stream   stream
}

// New makes the meter of a run. The plan must not change.
func New(o Options) *Meter {
	if o.MaxSeries == 0 {
		o.MaxSeries = MaxSeries
	}
	return &Meter{
		o:         o,
		run:       o.Run.String(),
		random:    splitmix64.Source(o.Seed),
		collected: o.Began,
		latencies: latencies{byKey: map[latencyKey]*latency{}},
		outcomes:  outcomes{byKey: map[outcomeKey]*outcome{}},
		attacks:   make([]attack, len(o.Plan.Attacks)),
	}
}

// Overflowed is how many records went, at least in part, to an overflow series.
func (m *Meter) Overflowed() uint64 { return m.latencies.overflowed + m.outcomes.overflowed }

// AddUnsent counts requests that were planned and for which no record will come.
func (m *Meter) AddUnsent(attack int, reason loadgen.NotSentReason, n uint64) {
	if n > 0 {
		key := outcomeKey{attack: attack, result: convention.Result{Outcome: loadgen.NotSent}, reason: reason}
		m.outcomes.get(key, m.o.MaxSeries, n).requests += n
	}
}

// Add measures a record. It does not keep it. How long a request took that the stop of
// the run cut off is not a time of the target's, and is left out, as in the summary.
func (m *Meter) Add(r *loadgen.Record) {
	a := &m.attacks[r.Attack]
	a.dialed += uint64(r.Dialed) // also for a request that then waited in vain, such as for a stream
	if r.Outcome == loadgen.NotSent {
		m.AddUnsent(r.Attack, r.NotSent, 1)
		return
	}
	m.sent++
	m.outcomes.get(outcomeOf(r), m.o.MaxSeries, 1).requests++
	if r.Due() {
		l := m.latencies.get(latencyOf(r), m.o)
		l.service(r, m.o.Exemplars).add(r.ServiceTime(), r, m.random.Uint64())
		l.response.add(r.ResponseTime(), r, m.random.Uint64())
	}

	if r.Reused {
		a.reused++
	}
	a.sent += r.BytesSent
	a.received += r.BytesReceived
	if r.Open {
		if a.lag == nil {
			a.lag = newHistogram(m.o.Exemplars)
		}
		a.lag.add(r.Lag(), r, m.random.Uint64())
	}
	if r.Due() {
		m.addPhases(a, r)
	}
	if r.Stream != nil {
		m.addStream(&a.stream, r)
	}
}

// addPhases measures the phases that occurred.
func (m *Meter) addPhases(a *attack, r *loadgen.Record) {
	p := &r.Phases
	for i, took := range [len(phaseNames)]time.Duration{p.Conn, p.DNS, p.Connect, p.TLS, p.Write, p.Wait, p.Read} {
		if took <= 0 {
			continue
		}
		if a.phases[i] == nil {
			a.phases[i] = newHistogram(m.o.Exemplars)
		}
		a.phases[i].add(took, r, m.random.Uint64())
	}
}

var phaseNames = [...]string{"connection", "dns", "connect", "tls", "write", "wait", "read"}
