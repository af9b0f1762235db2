package goruntime

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.41.0/processconv"
)

// processInstruments show what the operating system knows of the process. Unlike
// go.cpu.time, which the runtime brings up to date only when a GC cycle ends, its
// processor time is that of the moment.
type processInstruments struct {
	cpu          metric.Float64Observable
	user, system metric.ObserveOption
}

func (in *instruments) processInstruments() processInstruments {
	var t processconv.CPUTime
	of := func(mode processconv.CPUModeAttr) metric.ObserveOption {
		return metric.WithAttributeSet(attribute.NewSet(t.AttrCPUMode(mode)))
	}
	return processInstruments{
		cpu:  in.float(named(count, "", t)),
		user: of(processconv.CPUModeUser), system: of(processconv.CPUModeSystem),
	}
}

func (p processInstruments) observe(o metric.Observer) {
	if user, system, ok := cpuTime(); ok {
		o.ObserveFloat64(p.cpu, user.Seconds(), p.user)
		o.ObserveFloat64(p.cpu, system.Seconds(), p.system)
	}
}
