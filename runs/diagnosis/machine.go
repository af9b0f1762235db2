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
