package diagnosis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What contention is at least.
const (
	leastLockShare = 0.02   // of the servers' time, that requests wait for locks
	leastLockWait  = 100e-6 // seconds per request
)

// locks finds requests that wait for locks of the process.
func (e *Evidence) locks() []summary.Finding {
	work := e.meanWork()
	if work == 0 {
		return nil
	}
	for i := range e.Instances {
		of := &e.Instances[i]
		waited, requests, over, ok := e.rise(of.Series[MutexWait])
		if !ok || requests < fewRequests {
			continue
		}
		// Of several instances each serves a part of the requests, and its own waits are of
		// that part.
		perRequest := waited / (requests * e.part(i))
		share := min(perRequest/work, 1)
		if share < leastLockShare || perRequest < leastLockWait || e.starvedLocks(i, perRequest) {
			continue
		}
		return []summary.Finding{e.lockFinding(of, perRequest, share, waited/over.Seconds())}
	}
	return nil
}

// starvedLocks reports whether waits for locks follow from waits for a processor: who
// holds a lock and does not run keeps all others waiting. They do not where they are much
// longer, or where the work under the lock is seen to take processor time.
func (e *Evidence) starvedLocks(instance int, perRequest float64) bool {
	wait, starved := e.starved(instance)
	if !starved || perRequest >= 10*wait {
		return false
	}
	if where := e.lockStacks(); len(where) > 0 {
		blocked, _ := where[0].Stack.Blocked()
		cpu, ok := e.cpuOf(blocked.Function)
		return !ok || cpu < 0.2
	}
	return true
}

// fewRequests is the least of which shares say anything.
const fewRequests = 100

// meanWork is the mean time of a server's span, in seconds.
func (e *Evidence) meanWork() float64 {
	if len(e.Requests) == 0 {
		return 0
	}
	var sum float64
	for i := range e.Requests {
		sum += e.Requests[i].Work().Seconds()
	}
	return sum / float64(len(e.Requests))
}

// part is the share of the requests that an instance answered.
func (e *Evidence) part(instance int) float64 {
	n := 0
	for i := range e.Requests {
		if e.Requests[i].Instance == instance {
			n++
		}
	}
	if n == 0 {
		return 1
	}
	return float64(n) / float64(len(e.Requests))
}

func (e *Evidence) lockFinding(of *Instance, perRequest, share, rate float64) summary.Finding {
	sentence := fmt.Sprintf("Requests wait for a lock for %s on average, %s of the server's time", seconds(perRequest), percent(share))
	f := summary.Finding{
		Kind: summary.FindingLockContention, Basis: summary.BasisMeasured, Cost: share,
		Confidence: lockConfidence(share),
		Evidence: []summary.FindingEvidence{{
			Source: "runtime_metrics", Value: &perRequest, Unit: "s/{request}",
			Text: fmt.Sprintf("Goroutines of %s waited %s a second for locks, %s per request; a request takes the server %s on average.",
				of.name(), seconds(rate), seconds(perRequest), seconds(e.meanWork())),
		}},
		Try: []string{
			"Do less under the lock: take what is shared, unlock, then work on it.",
			"Split what it guards (by key, by goroutine), or replace it by atomics or a copy that is swapped.",
		},
		Refute: []string{
			"At half the rate, the wait per request is the same.",
			"A mutex profile (runtime.SetMutexProfileFraction) shows the runtime's own locks and none of the service's.",
		},
	}
	if where := e.lockStacks(); len(where) > 0 {
		blocked, _ := where[0].Stack.Blocked()
		sentence += ", in " + blocked.String()
		f.Confidence = min(f.Confidence+0.05, 0.99)
		f.Evidence = append(f.Evidence, e.lockEvidence(where, blocked)...)
	}
	f.Sentence = sentence
	return f
}

func lockConfidence(share float64) float64 {
	switch {
	case share >= 0.2:
		return 0.94
	case share >= 0.05:
		return 0.85
	}
	return 0.7
}

// lockStacks are the goroutines seen waiting for locks under load, by the line that
// waits, the most first.
func (e *Evidence) lockStacks() []Group {
	by := map[string]*Group{}
	for i := range e.Stacks {
		if s := &e.Stacks[i]; s.At >= e.From && s.At <= e.To {
			for _, g := range s.Groups {
				blocked, ok := g.Stack.Blocked()
				if g.Stack.Waits() != Lock || !ok {
					continue
				}
				if by[blocked.String()] == nil {
					by[blocked.String()] = &Group{Stack: g.Stack}
				}
				by[blocked.String()].Count += g.Count
			}
		}
	}
	var all []Group
	for _, key := range slices.Sorted(maps.Keys(by)) {
		all = append(all, *by[key])
	}
	slices.SortStableFunc(all, func(a, b Group) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

func (e *Evidence) lockEvidence(where []Group, blocked Frame) []summary.FindingEvidence {
	all := 0
	for _, g := range where {
		all += g.Count
	}
	share := float64(where[0].Count) / float64(all)
	facts := []summary.FindingEvidence{{
		Source: "goroutine_profile", Value: &share, Unit: "1", Stack: where[0].Stack.lines(),
		Text: fmt.Sprintf("%s of the goroutines seen waiting for a lock (%d in all looks) wait in %s.", percent(share), all, blocked),
	}}
	if cpu, ok := e.cpuOf(blocked.Function); ok && cpu >= 0.05 {
		facts = append(facts, summary.FindingEvidence{
			Source: "cpu_profile", Value: &cpu, Unit: "1",
			Text: fmt.Sprintf("%s, with what it calls, takes %s of the processor time: long work under the lock.", blocked.Short(), percent(cpu)),
		})
	}
	for _, c := range e.Contention[:min(len(e.Contention), 3)] {
		site, _ := c.Stack.Blocked()
		facts = append(facts, summary.FindingEvidence{
			Source: "mutex_profile", Value: &c.Share, Unit: "1", Stack: c.Stack.lines(),
			Text: fmt.Sprintf("%s of the contention ends with the unlock in %s.", percent(c.Share), site),
		})
	}
	return facts
}

// cpuOf is a function's share of the CPU profile, with what it calls.
func (e *Evidence) cpuOf(function string) (float64, bool) {
	if e.CPU == nil {
		return 0, false
	}
	for _, f := range e.CPU.Functions {
		if f.Function == function {
			return f.Share, true
		}
	}
	return 0, false
}
