package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func (e *Evidence) poolFinding(q *queue, cost float64) summary.Finding {
	sentence := fmt.Sprintf("Requests wait for their turn before %q: %s of the slow requests' time, at most %s under way", q.op, percent(cost), plural(q.limit, "call", "calls"))
	f := summary.Finding{
		Kind: summary.FindingPoolExhaustion, Basis: summary.BasisMeasured, Cost: cost,
		Confidence: poolConfidence(q),
		Evidence:   []summary.FindingEvidence{q.evidence(), q.latest()},
		Try: []string{
			"Raise the limit of this pool (connections, handles, tokens of a semaphore), if what it protects can bear more.",
			"Make fewer or shorter calls in it: cache, batch, or give it back before other work.",
		},
		Refute: []string{
			"With twice the limit, the time before the call is the same.",
			"The time before the call is spent on a processor: a CPU profile shows it.",
		},
	}
	if where, ok := e.queued(q.limit); ok {
		blocked, _ := where.Stack.Blocked()
		sentence += ", waiting in " + blocked.String()
		f.Confidence = min(f.Confidence+0.04, 0.99)
		n := float64(where.Count) / float64(max(e.looks(), 1))
		f.Evidence = append(f.Evidence, summary.FindingEvidence{
			Source: "goroutine_profile", Value: &n, Unit: "{goroutine}", Stack: where.Stack.lines(),
			Text: fmt.Sprintf("%s goroutines on average wait for %s in %s while they answer a request, and none after the load.", number(n), where.Stack.Waits(), blocked),
		})
	}
	if busy, ok := e.busy(q.instance); ok {
		f.Evidence = append(f.Evidence, summary.FindingEvidence{
			Source: "runtime_metrics", Value: &busy, Unit: "{cpu}",
			Text: fmt.Sprintf("Meanwhile %s keeps %s processors busy.", e.Instances[q.instance].name(), number(busy)),
		})
	}
	f.Sentence = sentence
	return f
}

func poolConfidence(q *queue) float64 {
	switch {
	case q.full >= 0.9 && len(q.waits) >= 5*leastWaits:
		return 0.95
	case q.full >= 0.8:
		return 0.88
	}
	return 0.75
}

func (q *queue) evidence() summary.FindingEvidence {
	return summary.FindingEvidence{
		Source: "traces", Value: &q.full, Unit: "1",
		Text: fmt.Sprintf("%d requests began %q more than %s late; in %s of that waiting %s under way, which is not exceeded, and which there are in %s of all the time.",
			len(q.waits), q.op, duration(max(leastWait, 2*q.usual)), percent(q.full), are(q.limit), percent(q.busy)),
	}
}

func are(n int) string {
	if n == 1 {
		return "one call was"
	}
	return fmt.Sprintf("%d calls were", n)
}

// latest are the longest waits.
func (q *queue) latest() summary.FindingEvidence {
	waits := slices.Clone(q.waits)
	slices.SortStableFunc(waits, func(a, b wait) int { return cmp.Compare(b.to-b.from, a.to-a.from) })
	longest := time.Duration(waits[0].to - waits[0].from)
	f := summary.FindingEvidence{Source: "traces", Text: fmt.Sprintf("The longest wait was %s.", duration(longest))}
	for _, w := range waits[:min(len(waits), mostTraces)] {
		f.TraceIDs = append(f.TraceIDs, w.trace)
	}
	return f
}

// queued is the goroutines that wait in a handler for another goroutine, under load and
// not after it; those at the line where most wait. More than limit must have been there at
// once: as many may be at the other end of the calls, if that is in the same process.
func (e *Evidence) queued(limit int) (Group, bool) {
	under, after, peak := map[string]*Group{}, map[string]int{}, map[string]int{}
	for i := range e.Stacks {
		s, now := &e.Stacks[i], map[string]int{}
		for _, g := range s.Groups {
			blocked, ok := g.Stack.Blocked()
			if !ok || !g.Stack.queues() {
				continue
			}
			switch key := blocked.String(); {
			case s.At > e.To+rest:
				after[key] += g.Count
			case s.At >= e.From:
				if under[key] == nil {
					under[key] = &Group{Stack: g.Stack}
				}
				under[key].Count += g.Count
				now[key] += g.Count
				peak[key] = max(peak[key], now[key])
			}
		}
	}
	var most *Group
	for key, g := range under {
		if after[key] == 0 && peak[key] > limit && (most == nil || g.Count > most.Count || g.Count == most.Count && g.Stack.Key() < most.Stack.Key()) {
			most = g
		}
	}
	if most == nil {
		return Group{}, false
	}
	return *most, true
}

// queues reports whether a goroutine that answers a request waits for others of the
// process, and not for an answer from outside.
func (s Stack) queues() bool {
	switch s.Waits() {
	case Send, Receive, Select, Other:
	default:
		return false
	}
	return s.handles() && !s.Has("net/http.(*persistConn).roundTrip", "net/http.(*Transport).dial", "internal/poll.",
		"google.golang.org/grpc/internal/transport.", "net/http.(*http2", "net/http/internal/http2")
}

// looks is how many goroutine profiles were taken under load.
func (e *Evidence) looks() (n int) {
	for i := range e.Stacks {
		if s := &e.Stacks[i]; s.At >= e.From && s.At <= e.To {
			n++
		}
	}
	return n
}

// busy is how many processors an instance keeps busy under load, on average.
func (e *Evidence) busy(instance int) (float64, bool) {
	if instance < 0 || instance >= len(e.Instances) {
		return 0, false
	}
	of := &e.Instances[instance]
	all, _, over, ok := e.rise(of.Series[CPUTotal])
	if !ok || over <= 0 {
		return 0, false
	}
	return all / over.Seconds(), true
}
