package report

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Joined is what the target's telemetry says of one request, as far as it goes into the
// figures of a run.
type Joined struct {
	Response time.Duration
	// Ledger is the components of the response time in the order in which they happen;
	// they add up to it. It is empty if the server span is not known.
	Ledger []Component
	// GCOverlap reports whether a collection of the target was under way while it worked:
	// no, possible, yes; empty if unknown.
	GCOverlap string
	Instance  string // of the target, with the name of its service
	Levels    Levels // of the instance
}

// LedgerName is a component: the last part of its attribute, and its name for people.
type LedgerName struct{ Key, Name string }

// Unexplained is the key of what the other components leave of a response time.
const Unexplained = "unexplained"

// LedgerNames are all components in the order in which they happen.
func LedgerNames() []LedgerName {
	return []LedgerName{
		{"schedule_lag", "schedule lag"}, {"connection", "connection wait"}, {"dns", "dns"}, {"connect", "connect"}, {"tls", "tls"},
		{"write", "write"}, {"network", "network, queues"}, {"server", "server"}, {"read", "read"}, {Unexplained, "unexplained"},
	}
}

// InstanceName names an instance of a service.
func InstanceName(service, instance string) string {
	return strings.Clone(strings.TrimSpace(cutTo(service, maxText) + " " + cutTo(instance, maxText)))
}

// Component is a part of a response time.
type Component struct {
	Name string // as the terminal shows it
	Took time.Duration
}

// Levels are figures of a target's runtime at a time; a negative one is unknown.
type Levels struct {
	At     time.Time // by the generator's clock; zero if nothing is known
	Values [levelCount]float64
}

// LevelIndex is that of a level in Levels.Values.
type LevelIndex int

// The levels.
const (
	LevelCPU LevelIndex = iota
	LevelGoroutines
	LevelHeap
	LevelGCGoal
	LevelMemory
	LevelScheduler
	LevelEventLoop
	LevelGCCycles
	LevelGCPause
	levelCount
)

// Level describes a figure of a runtime. Bytes have the unit B.
type Level struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	// most is the greatest value that can be true: what is beyond was forged, or is what a
	// runtime reports for "no limit".
	most float64
}

const pebibyte = 1 << 50

var levels = [levelCount]Level{
	LevelCPU:        {"CPUs busy", "", 1 << 16},
	LevelGoroutines: {"goroutines", "", 1e8},
	LevelHeap:       {"heap", "B", pebibyte},
	LevelGCGoal:     {"next GC at", "B", pebibyte},
	LevelMemory:     {"memory of the runtime", "B", pebibyte},
	LevelScheduler:  {"scheduler latency p99", "s", 3600},
	LevelEventLoop:  {"event loop delay p99", "s", 3600},
	LevelGCCycles:   {"GC cycles per second", "/s", 1e9},
	LevelGCPause:    {"GC pause per second", "s/s", 3600},
}

// Set a level, unless the value cannot be true.
func (l *Levels) Set(i LevelIndex, v float64) {
	if v >= 0 && v <= levels[i].most {
		l.Values[i] = v
	}
}

// AllLevels describes Levels.Values.
func AllLevels() []Level { return slices.Clone(levels[:]) }

// Unknown is Levels of which nothing is known.
func Unknown() (l Levels) {
	for i := range l.Values {
		l.Values[i] = -1
	}
	return l
}

// Bounds of what is kept of the runtimes of targets.
const (
	maxInstances  = 8
	maxSamples    = 720 // of an instance; then each two become one
	firstDistance = 100 * time.Millisecond
)

// Runtime is the levels of an instance over time.
type Runtime struct {
	Instance string
	Samples  []Levels
}

// Ledger is the components of the response times of all requests that were joined.
type Ledger struct {
	Requests   uint64
	Components []Component // sums
}

// Collections are the response times of requests by whether they met a collection.
type Collections struct{ Met, Possible, NotMet summary.Quantiles }

// joins adds up what was joined.
type joins struct {
	mu        sync.Mutex // guards all below
	ledger    Ledger
	gc        [3]*summary.Times // yes, possible, no
	instances []*instance
	unshown   uint64 // samples of instances beyond maxInstances
}

type instance struct {
	name     string
	distance time.Duration // of two samples, at least
	samples  []Levels
}

// Join takes what is known of a request. It may be called by many goroutines at once, and
// beside Add.
func (b *Builder) Join(j *Joined) {
	s := &b.joins
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLedger(j.Ledger)
	if i := slices.Index([]string{"yes", "possible", "no"}, j.GCOverlap); i >= 0 {
		if s.gc[i] == nil {
			s.gc[i] = summary.NewTimes()
		}
		s.gc[i].Add(j.Response)
	}
	if !j.Levels.At.IsZero() {
		s.sample(j.Instance, &j.Levels)
	}
}

// addLedger adds components by their names, of which the first ledger has all.
func (s *joins) addLedger(of []Component) {
	if len(of) == 0 {
		return
	}
	s.ledger.Requests++
	for _, c := range of {
		i := slices.IndexFunc(s.ledger.Components, func(known Component) bool { return known.Name == c.Name })
		if i < 0 {
			if len(s.ledger.Components) >= maxComponents {
				continue
			}
			i = len(s.ledger.Components)
			s.ledger.Components = append(s.ledger.Components, Component{Name: c.Name})
		}
		s.ledger.Components[i].Took += c.Took
	}
}

// maxComponents bounds the components of a ledger, of which there are ten.
const maxComponents = 16

func (s *joins) sample(name string, l *Levels) {
	i := slices.IndexFunc(s.instances, func(in *instance) bool { return in.name == name })
	if i < 0 {
		if len(s.instances) >= maxInstances {
			s.unshown++
			return
		}
		i = len(s.instances)
		s.instances = append(s.instances, &instance{name: name, distance: firstDistance})
	}
	s.instances[i].add(l)
}

// add a sample, unless it is too near to the last: then it is the same, which several
// requests were joined to.
func (in *instance) add(l *Levels) {
	if n := len(in.samples); n > 0 && l.At.Sub(in.samples[n-1].At) < in.distance {
		return
	}
	in.samples = append(in.samples, *l)
	if len(in.samples) < maxSamples {
		return
	}
	for i := range maxSamples / 2 {
		one := in.samples[2*i]
		for v, other := range in.samples[2*i+1].Values {
			one.Values[v] = max(one.Values[v], other)
		}
		in.samples[i] = one
	}
	in.samples = in.samples[:maxSamples/2]
	in.distance *= 2
}

// fill adds what was joined to the data.
func (s *joins) fill(d *Data) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Ledger = s.ledger
	for i, q := range []*summary.Quantiles{&d.Collections.Met, &d.Collections.Possible, &d.Collections.NotMet} {
		if s.gc[i] != nil {
			*q = s.gc[i].Quantiles()
		}
	}
	for _, in := range s.instances {
		d.Runtime = append(d.Runtime, Runtime{Instance: in.name, Samples: in.samples})
	}
	if s.unshown > 0 {
		d.Notes = append(d.Notes, "the runtimes of further instances of the target are not shown: there were more than 8")
	}
}
