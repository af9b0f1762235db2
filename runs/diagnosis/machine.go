package diagnosis

import (
	"fmt"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What throttling is at least: of the periods of the cgroup, and how many of these.
const (
	leastThrottled = 0.1
	leastPeriods   = 20
)

// throttling finds a control group that takes the processors away.
func (e *Evidence) throttling() []summary.Finding {
	for i := range e.Instances {
		of := &e.Instances[i]
		throttled, _, _, ok1 := e.rise(of.Series[Throttled])
		periods, _, _, ok2 := e.rise(of.Series[Periods])
		if !ok1 || !ok2 || periods < leastPeriods || throttled < leastThrottled*periods {
			continue
		}
		share := min(throttled/periods, 1)
		return []summary.Finding{{
			Kind: summary.FindingCPUThrottling, Basis: summary.BasisMeasured, Cost: share, Confidence: 0.95,
			Sentence: fmt.Sprintf("The CPU limit of its control group stopped %s in %s of the periods", of.name(), percent(share)),
			Evidence: []summary.FindingEvidence{{
				Source: "runtime_metrics", Value: &share, Unit: "1",
				Text: fmt.Sprintf("%s of %s periods were throttled under load.", number(throttled), number(periods)),
			}},
			Try: []string{
				"Raise the CPU limit, or set none and keep the request.",
				"Set GOMAXPROCS to the limit (Go 1.25 and later do so by themselves).",
			},
			Refute: []string{"With a higher limit the slow requests are as slow as before."},
		}}
	}
	return nil
}

// leastBusy is the part of its processors that a saturated service keeps busy.
const leastBusy = 0.9

// saturation finds a service that uses all processors it may use.
func (e *Evidence) saturation() []summary.Finding {
	for i := range e.Instances {
		limit := e.Instances[i].Series[Processors]
		busy, ok := e.busy(i)
		if !ok || len(limit) == 0 || limit[len(limit)-1].V < 1 {
			continue
		}
		n := limit[len(limit)-1].V
		if share := busy / n; share >= leastBusy {
			return []summary.Finding{e.saturated(&e.Instances[i], busy, n, share)}
		}
	}
	return nil
}

func (e *Evidence) saturated(of *Instance, busy, n, share float64) summary.Finding {
	f := summary.Finding{
		Kind: summary.FindingCPUSaturation, Basis: summary.BasisMeasured, Cost: min(share, 1), Confidence: 0.9,
		Sentence: fmt.Sprintf("%s uses all of its processors: %s of %s are busy", of.name(), number(busy), number(n)),
		Evidence: []summary.FindingEvidence{{
			Source: "runtime_metrics", Value: &busy, Unit: "{cpu}",
			Text: fmt.Sprintf("The process used %s seconds of processor time a second under load; GOMAXPROCS is %s.", number(busy), number(n)),
		}},
		Try:    []string{"Do less per request where the CPU profile points, or give the service more processors.", "Measure its capacity at a lower rate."},
		Refute: []string{"With more processors the response time is the same."},
	}
	if e.CPU != nil {
		for _, fn := range e.CPU.Functions[:min(len(e.CPU.Functions), 40)] {
			frame := Frame{Function: fn.Function}
			if frame.plumbing() || fn.Share > 0.95 {
				continue
			}
			f.Evidence = append(f.Evidence, summary.FindingEvidence{
				Source: "cpu_profile", Value: &fn.Share, Unit: "1",
				Text: fmt.Sprintf("%s takes %s of the processor time, with what it calls.", frame.Short(), percent(fn.Share)),
			})
			if len(f.Evidence) == 4 {
				break
			}
		}
	}
	return f
}

// generator finds a generator that was in trouble itself: then its figures are not the
// target's.
func (e *Evidence) generator() []summary.Finding {
	if len(e.Doubts) == 0 {
		return nil
	}
	f := summary.Finding{
		Kind: summary.FindingGenerator, Basis: summary.BasisMeasured, Confidence: 0.9,
		Sentence: "The generator itself was in trouble, so its figures are not the target's alone: " + e.Doubts[0],
		Try:      e.Advice,
		Refute:   []string{"On a machine with less to do, the figures are the same."},
	}
	if len(f.Try) == 0 {
		f.Try = []string{"Repeat the run on a machine with less to do."}
	}
	for _, doubt := range e.Doubts[:min(len(e.Doubts), mostFacts)] {
		f.Evidence = append(f.Evidence, summary.FindingEvidence{Source: "generator", Text: doubt})
	}
	return []summary.Finding{f}
}
