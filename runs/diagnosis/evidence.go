package diagnosis

import "time"

// Evidence is what is known of a run and of its target. What did not come is empty.
//
// Two clocks occur. Offsets (time.Duration) count from the beginning of the run, by the
// generator's clock. Spans and GC cycles have the target's own clock, in unix
// nanoseconds, and are compared only within one instance.
type Evidence struct {
	// From and To are the beginning and the end of the load.
	From, To time.Duration
	// Dose is the number of requests that have ended, at times of the run.
	Dose Series
	// UnderWay is the number of requests under way, at the same times.
	UnderWay Series
	// Connections is how many the generator opened.
	Connections uint64
	Attacks     []Attack

	Requests  []Request
	Calls     []Call
	Cycles    []Cycle
	Instances []Instance

	// Stacks are goroutine profiles, in their order; those before From and after To too.
	Stacks []Stacks
	// Dump is where leaking goroutines were created; nil if it was not asked for.
	Dump *Dump
	// Allocations are heap profiles: before the load, and after it.
	Allocations *Allocations
	// CPU is a CPU profile under load; nil if there is none.
	CPU *CPU
	// Contention is the mutex profile of the load; empty if the target keeps none.
	Contention []Site

	// Doubts are reasons not to trust the generator, and Advice is what to do about them.
	Doubts, Advice []string
	// Seed of the placebos.
	Seed uint64
}

// Attack is an attack that keeps connections for the next request, by its figures.
type Attack struct {
	Name         string
	Sent, Failed uint64
	Opened       uint64        // connections
	Rate         float64       // requests a second
	Response     time.Duration // on average
	Connecting   time.Duration // that a new connection takes on average
}

// Request is a traced request that a server answered.
type Request struct {
	Trace    string        // id
	Response time.Duration // of the client's, from when it was due
	Instance int           // which answered it, an index of Instances; -1 if unknown
	// Begin and End of the server's span.
	Begin, End int64
}

// Work is how long the server took.
func (r *Request) Work() time.Duration { return time.Duration(r.End - r.Begin) }

// Call is a client span below a server span: the target asks somebody else.
type Call struct {
	Trace      string
	Op         string // the span's name
	Instance   int
	Begin, End int64
	// Since is when the span around it began, if this is the first call within that; else 0.
	Since int64
}

// Cycle is a cycle of the garbage collector.
type Cycle struct {
	Instance   int
	Begin, End int64
}

// Instance is a process of the target, by what it says of its runtime.
type Instance struct {
	Service, ID string
	Series      [Metrics]Series
}

// Metric is a series that detectors use.
type Metric int

// The metrics. All but Goroutines and Processors are counters.
const (
	Goroutines Metric = iota
	Processors
	MutexWait        // s, of all goroutines
	AllocatedBytes   // By
	AllocatedObjects //
	GCCycles
	CPUTotal  // s, of the process
	CPUGC     // s, without idle marking, estimated by the runtime
	SchedWait // s, that goroutines waited for a processor
	Periods   // of the cgroup's CPU
	Throttled // of these periods
	Metrics   // how many there are
)

// Series is points in the order of time.
type Series []Point

// Point is a value at an offset of the run.
type Point struct {
	At time.Duration
	V  float64
}

// Stacks is a goroutine profile.
type Stacks struct {
	At     time.Duration
	Total  int     // goroutines
	Groups []Group // of equal stacks
}

// Group is goroutines with the same stack.
type Group struct {
	Stack Stack
	Count int
}

// Dump is what a dump of all stacks says of who created goroutines.
type Dump struct {
	// Creators are by Stack.Key of the goroutine.
	Creators map[string]Frame
	Cut      bool // it was longer than what is read
}

// Allocations are what a target allocated in a run, by heap profiles.
type Allocations struct {
	Dose           float64 // requests between the two profiles
	Bytes, Objects float64 // per run, scaled by the sampling of the profile
	Sites          []Site  // the greatest by bytes first
}

// Site is a place in the code and its share of a profile, 0 to 1.
type Site struct {
	Stack Stack
	Share float64
	Value float64 // in the profile's unit
}

// CPU is a CPU profile.
type CPU struct {
	Duration time.Duration
	Busy     time.Duration // processor time
	// Functions are shares by function, with what they called, the greatest first.
	Functions []Share
}

// Share is that of a function, 0 to 1.
type Share struct {
	Function string
	Share    float64
}

// At is the value at an offset: between points a straight line, beyond them the nearest.
func (s Series) At(at time.Duration) float64 {
	if len(s) == 0 {
		return 0
	}
	for i := range s {
		if s[i].At < at {
			continue
		}
		if i == 0 {
			return s[0].V
		}
		a, b := s[i-1], s[i]
		return a.V + (b.V-a.V)*float64(at-a.At)/float64(max(b.At-a.At, 1))
	}
	return s[len(s)-1].V
}

// Half is every other point, in the same memory.
func (s Series) Half() Series {
	half := s[:0]
	for i := 0; i < len(s); i += 2 {
		half = append(half, s[i])
	}
	return half
}

// Within is the points from one offset to another.
func (s Series) Within(from, to time.Duration) Series {
	var in Series
	for _, p := range s {
		if p.At >= from && p.At <= to {
			in = append(in, p)
		}
	}
	return in
}

// rise is how much a counter grew over the load, by how many requests meanwhile. ok is
// false with less than two points of it, or after a restart of the process.
func (e *Evidence) rise(s Series) (grew, dose float64, over time.Duration, ok bool) {
	in := s.Within(e.From, e.To+settling)
	if len(in) < 2 {
		return 0, 0, 0, false
	}
	for i := 1; i < len(in); i++ {
		if in[i].V < in[i-1].V/2 { // the runtime's estimates fall a little now and then
			return 0, 0, 0, false
		}
	}
	a, b := in[0], in[len(in)-1]
	return max(b.V-a.V, 0), e.Dose.At(b.At) - e.Dose.At(a.At), b.At - a.At, true
}

// settling is how long after the load a sample still shows the load: the metrics of the
// last requests come with the next export.
const settling = 2 * time.Second
