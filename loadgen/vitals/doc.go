// Package vitals tells how the machine treated this process between two
// moments: whether its cgroup was throttled, whether the machine's host took
// processor time away, and how long goroutines that could run waited for a
// processor.
//
// Read looks; Between is pure and computes. What a system does not tell is not
// known, and said to be so: it is never taken for good news.
package vitals
