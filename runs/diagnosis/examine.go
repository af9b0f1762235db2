package diagnosis

import (
	"cmp"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Bounds of findings.
const (
	mostFindings = 10
	mostFacts    = 10 // that one rests on
)

// Examine returns the causes that the evidence names, the one that explains most first.
func Examine(e *Evidence) []summary.Finding {
	all := slices.Concat(e.leaks(), e.locks(), e.pools(), e.collections(), e.throttling(), e.saturation(),
		e.dependencies(), e.badInstances(), e.churn(), e.generator())
	slices.SortStableFunc(all, func(a, b summary.Finding) int { return cmp.Compare(weight(&b), weight(&a)) })
	all = all[:min(len(all), mostFindings)]
	for i := range all {
		all[i].Evidence = all[i].Evidence[:min(len(all[i].Evidence), mostFacts)]
	}
	return all
}

// leakWeight is that of a leak. It costs no request its time, until it ends the service.
const leakWeight = 0.5

// weight orders findings: what takes more of the time comes first. The generator's own
// trouble is last, as the verdict says it anyway.
func weight(f *summary.Finding) float64 {
	switch f.Kind {
	case summary.FindingGoroutineLeak:
		return leakWeight
	case summary.FindingGenerator:
		return -1
	case summary.FindingCPUSaturation:
		return 0 // what takes the processors is the cause, if something is named
	}
	return f.Cost * f.Confidence
}

// Look says what Examine could and could not judge by the evidence.
func Look(e *Evidence) summary.Diagnosis {
	var d summary.Diagnosis
	look := func(came bool, what, blind string) {
		if came {
			d.Looked = append(d.Looked, what)
		} else {
			d.Blind = append(d.Blind, blind)
		}
	}
	look(len(e.Requests) > 0, "traces", "No server span of a request came, so waits within the service are not judged.")
	look(e.measured(), "runtime_metrics", "No metrics of the Go runtime came, so locks, memory and throttling are not judged.")
	look(len(e.Cycles) > 0, "gc_events", "No events of GC cycles came, so slow requests are not compared with them (package goruntime sends them).")
	look(len(e.Stacks) > 0, "profiles", "No profiles were taken (--profiles), so no line of code is named.")
	d.Blind = append(d.Blind, e.hungry()...)
	return d
}

// measured reports whether an instance tells of its runtime.
func (e *Evidence) measured() bool {
	for i := range e.Instances {
		for _, s := range e.Instances[i].Series {
			if len(s) > 1 {
				return true
			}
		}
	}
	return false
}
