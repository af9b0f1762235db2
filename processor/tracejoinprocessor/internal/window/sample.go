package window

import "math"

// Field is a figure of the runtime.
type Field int

// The figures: first levels, then counts that only grow.
const (
	Goroutines  Field = iota
	Heap              // By
	GCGoal            // By
	Processors        // GOMAXPROCS
	ScheduleP99       // s: 99th percentile of the scheduler latency since the sample before
	levels

	GCCycles  Field = iota - 1
	GCPause         // s
	Allocated       // By
	CPU             // s
	fields
)

// Sample is figures of one time, NaN where there is none.
type Sample struct {
	At int64 // unix nanoseconds
	V  [fields]float64
}

func newSample(at int64) Sample {
	s := Sample{At: at}
	for i := range s.V {
		s.V[i] = math.NaN()
	}
	return s
}

// add to what the sample has: some figures are told in parts.
func (s *Sample) add(f Field, v float64) {
	if math.IsNaN(s.V[f]) {
		s.V[f] = 0
	}
	s.V[f] += v
}

// merge takes the figures that from has.
func (s *Sample) merge(from *Sample) {
	for f, v := range from.V {
		if !math.IsNaN(v) {
			s.V[f] = v
		}
	}
}
