package vitals

import (
	"math"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
	"github.com/loadtrace/loadtrace/internal/figure"
)

// Strain is how the machine treated the process for a while. A figure that is
// nil is not known.
type Strain struct {
	// CPUThrottled is the part of the scheduling periods of the process's cgroup, or of
	// one around it, in which it used up its limit and was held: 0 to 1.
	CPUThrottled *float64 `json:"cpu_throttled"`
	// CPUSteal is the part of the time of all processors that the host of a virtual
	// machine gave to others.
	CPUSteal *float64 `json:"cpu_steal"`
	// SchedulerLatency is the p99 of what goroutines that could run waited for a
	// processor, in seconds; of an infinite bucket its lower bound.
	SchedulerLatency *float64 `json:"scheduler_latency_p99"`
}

// Between computes the strain from two readings, the earlier first.
func Between(before, after Reading) Strain {
	return Strain{
		CPUThrottled:     throttled(before.levels, after.levels),
		CPUSteal:         steal(before, after),
		SchedulerLatency: quantile(0.99, before.sched, after.sched),
	}
}

// Unknown names what is not known, and why.
func (s Strain) Unknown() []string {
	var out []string
	if s.CPUThrottled == nil {
		out = append(out, "CPU throttling (no cgroup reports it)")
	}
	if s.CPUSteal == nil {
		out = append(out, "CPU steal (there is no /proc/stat here)")
	}
	if s.SchedulerLatency == nil {
		out = append(out, "scheduler latency (Go's runtime reports none)")
	}
	return out
}

// throttled is the worst of the cgroups that were there at both moments.
func throttled(before, after []cgroup.Level) *float64 {
	var worst *float64
	for _, a := range after {
		for _, b := range before {
			if a.Path != b.Path || a.Periods < b.Periods || a.Throttled < b.Throttled {
				continue
			}
			share := ratio(a.Throttled-b.Throttled, a.Periods-b.Periods)
			if worst == nil || share > *worst {
				worst = &share
			}
		}
	}
	return worst
}

func steal(before, after Reading) *float64 {
	a, b := after.cpu, before.cpu
	if !before.cpuKnown || !after.cpuKnown || a.all < b.all || a.steal < b.steal {
		return nil
	}
	share := ratio(a.steal-b.steal, a.all-b.all)
	return &share
}

func ratio(part, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return figure.Round(float64(part) / float64(all))
}

// quantile q of what came into a histogram between two moments, by the upper
// bound of its bucket.
func quantile(q float64, before, after histogram) *float64 {
	if len(after.counts) == 0 || len(before.counts) != len(after.counts) {
		return nil
	}
	var total uint64
	for i, n := range after.counts {
		total += n - before.counts[i]
	}
	rank, seen := uint64(math.Ceil(q*float64(total))), uint64(0)
	value := 0.0
	for i, n := range after.counts {
		if seen >= rank {
			break
		}
		if seen += n - before.counts[i]; seen < rank {
			continue
		}
		value = after.bounds[i+1]
		if math.IsInf(value, 1) {
			value = after.bounds[i]
		}
	}
	return &value
}
