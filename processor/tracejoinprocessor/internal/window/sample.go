package window

import "math"

// Field is a figure of the runtime.
type Field int

// The figures: first levels, then counts that only grow.
const (
	Goroutines   Field = iota
	Heap               // By
	Memory             // By: all of the runtime's, heap and stacks and what it keeps free
	GCGoal             // By
	Processors         // GOMAXPROCS
	ScheduleP99        // s: 99th percentile of the scheduler latency since the sample before
	EventLoopP99       // s: 99th percentile of the delay of Node.js' event loop
	levels

	GCCycles  Field = iota - 1
	GCPause         // s
	Allocated       // By
	CPU             // s
	fields
)

// Sample is figures of one time, NaN where there is none. Times are unix nanoseconds.
type Sample struct {
	At int64
	V  [fields]float64
	// Start is since when each count counts, of levels nothing; 0 if unknown. Counts of
	// two starts have no difference: the process was restarted in between.
	Start        [fields]int64
	ProcessStart float64 // process_start_time_seconds: the same for all counts; 0 if unknown
	Since        int64   // of ScheduleP99: what it is of began then
}

func newSample(at int64) Sample {
	s := Sample{At: at}
	for i := range s.V {
		s.V[i] = math.NaN()
	}
	return s
}

// add to what the sample has: some figures are reported in several points.
func (s *Sample) add(f Field, v float64, start int64) {
	if math.IsNaN(s.V[f]) {
		s.V[f], s.Start[f] = 0, 0
	}
	s.V[f] += v
	s.Start[f] = max(s.Start[f], start)
}

// sameCount reports whether a count of two samples is of one process.
func sameCount(f Field, a, b *Sample) bool {
	if a.ProcessStart != 0 && b.ProcessStart != 0 && a.ProcessStart != b.ProcessStart {
		return false
	}
	return a.Start[f] == b.Start[f] || a.Start[f] == 0 || b.Start[f] == 0
}

// merge takes the figures that from has.
func (s *Sample) merge(from *Sample) {
	for f, v := range from.V {
		if !math.IsNaN(v) {
			s.V[f], s.Start[f] = v, from.Start[f]
		}
	}
	if from.ProcessStart != 0 {
		s.ProcessStart = from.ProcessStart
	}
	if from.Since != 0 {
		s.Since = from.Since
	}
}
