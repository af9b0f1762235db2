package goruntime

import (
	"go.opentelemetry.io/otel/metric"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
)

// groupInstruments show the control group of the process.
type groupInstruments struct {
	cpuLimit, throttledTime    metric.Float64Observable
	periods, throttled         metric.Int64Observable
	memoryLimit, memoryCurrent metric.Int64Observable
}

func (in *instruments) groupInstruments() groupInstruments {
	return groupInstruments{
		cpuLimit:      in.float(level("", MetricCPULimit, "{cpu}", "Processors that the control group may use.")),
		throttledTime: in.float(count("", MetricCPUThrottleTime, "s", "Time for which the control group was throttled.")),
		periods:       in.int(count("", MetricCPUPeriods, "{period}", "Periods of the processor limit in which the control group ran.")),
		throttled:     in.int(count("", MetricCPUThrottled, "{period}", "Periods in which the control group was throttled.")),
		memoryLimit:   in.int(level("", MetricMemoryLimit, "By", "Memory that the control group may use.")),
		memoryCurrent: in.int(level("", MetricMemoryUsage, "By", "Memory that the control group uses, with file caches.")),
	}
}

func (g groupInstruments) observe(o metric.Observer, s cgroup.Stats) {
	if s.CPULimit != nil {
		o.ObserveFloat64(g.cpuLimit, *s.CPULimit)
	}
	if t := s.Throttling; t != nil {
		o.ObserveFloat64(g.throttledTime, t.Time.Seconds())
		o.ObserveInt64(g.periods, int64(t.Periods))
		o.ObserveInt64(g.throttled, int64(t.Throttled))
	}
	if s.MemoryLimit != nil {
		o.ObserveInt64(g.memoryLimit, int64(*s.MemoryLimit))
	}
	if s.MemoryCurrent != nil {
		o.ObserveInt64(g.memoryCurrent, int64(*s.MemoryCurrent))
	}
}
