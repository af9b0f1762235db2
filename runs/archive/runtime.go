package archive

import "time"

// Sample is a row of runtime.parquet: one data point of one metric that a target sent of
// its runtime or process (go.*, process.*, nodejs.* and others). Rows are in the order in
// which they came.
type Sample struct {
	Time  int64 // Unix nanoseconds, by the clock of the target
	Start int64 // since when a sum or histogram counts; 0 if unknown

	Service   string
	Namespace string
	Instance  string

	Name       string // of the metric, such as go.goroutine.count
	Unit       string
	Attributes string // of the point, as key=value in the order of the keys, separated by commas
	Kind       string // gauge, sum or histogram
	Value      float64
	// Of a histogram Value is the sum of the values, Count how many there are; bucket i has
	// those up to Bounds[i], the last those above all bounds.
	Count   int64
	Bounds  []float64
	Buckets []int64
}

// At is the time of the sample.
func (s *Sample) At() time.Time { return time.Unix(0, s.Time) }
