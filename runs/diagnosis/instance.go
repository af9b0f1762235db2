package diagnosis

import (
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What a bad instance is at least.
const (
	leastAnswered = 50  // requests by each of the instances
	leastSlower   = 2.0 // times the median of the others
	leastGap      = time.Millisecond
)

// badInstances finds an instance that takes much longer than all others of its service.
func (e *Evidence) badInstances() []summary.Finding {
	by := map[int][]time.Duration{}
	for i := range e.Requests {
		if r := &e.Requests[i]; r.Instance >= 0 {
			by[r.Instance] = append(by[r.Instance], r.Work())
		}
	}
	for i := range e.Instances {
		var others []time.Duration
		peers := 0
		for j := range e.Instances {
			if j != i && e.Instances[j].Service == e.Instances[i].Service && len(by[j]) >= leastAnswered {
				others = append(others, by[j]...)
				peers++
			}
		}
		if peers == 0 || len(by[i]) < leastAnswered {
			continue
		}
		mine, theirs := quartiles(by[i]), quartiles(others)
		if peers == 1 && theirs[1] > mine[1] {
			continue // of two, the slower one is bad
		}
		if mine[1]-theirs[1] >= leastGap && float64(mine[1]) >= leastSlower*float64(theirs[1]) && mine[0] > theirs[2] {
			return []summary.Finding{e.badInstance(i, by[i], len(others), mine, theirs)}
		}
	}
	return nil
}

// quartiles of durations, which it sorts.
func quartiles(of []time.Duration) [3]time.Duration {
	slices.Sort(of)
	return [3]time.Duration{of[len(of)/4], of[len(of)/2], of[len(of)*3/4]}
}

func (e *Evidence) badInstance(i int, answered []time.Duration, others int, mine, theirs [3]time.Duration) summary.Finding {
	of := &e.Instances[i]
	share := float64(len(answered)) / float64(len(answered)+others)
	ratio := float64(mine[1]) / float64(max(theirs[1], 1))
	return summary.Finding{
		Kind: summary.FindingBadInstance, Basis: summary.BasisMeasured, Cost: 1 - 1/ratio, Confidence: 0.9,
		Sentence: fmt.Sprintf("One instance of %s is slow: %s takes %s at the median, the others %s", of.name(), of.ID, duration(mine[1]), duration(theirs[1])),
		Evidence: []summary.FindingEvidence{{
			Source: "traces", Value: &ratio, Unit: "1",
			Text: fmt.Sprintf("%s answered %d requests (%s of those with a server span), a quarter of them in less than %s; three quarters of the others took less than %s.",
				of.ID, len(answered), percent(share), duration(mine[0]), duration(theirs[2])),
		}},
		Try:    []string{"Compare this instance with the others: its machine, limits, version and what runs beside it.", "Take it out, and see whether the slow requests go with it."},
		Refute: []string{"After a restart elsewhere it is as quick as the others."},
	}
}
