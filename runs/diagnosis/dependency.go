package diagnosis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What a slow dependency is at least. A quick one may take all of a quick request.
const (
	leastCall     = 20 * time.Millisecond // the median of its calls
	leastCallPart = 0.5                   // of the servers' time
)

// asked is the calls of one operation.
type asked struct {
	took   []time.Duration
	sum    time.Duration
	traces []string // of the longest, at most mostTraces
	calls  []Call
}

// dependencies finds an operation of somebody else that takes most of the server's time.
// A service that gets no processor, or collects garbage with it, takes long for everything,
// calls too, so that is not judged.
func (e *Evidence) dependencies() []summary.Finding {
	var work time.Duration
	for i := range e.Requests {
		work += e.Requests[i].Work()
	}
	ops := e.operations()
	var worst string
	for _, op := range slices.Sorted(maps.Keys(ops)) {
		if worst == "" || ops[op].sum > ops[worst].sum {
			worst = op
		}
	}
	if worst == "" || work == 0 || len(ops[worst].took) < fewRequests {
		return nil
	}
	a := ops[worst]
	slices.Sort(a.took)
	median, part := a.took[len(a.took)/2], min(float64(a.sum)/float64(work), 1)
	if median < leastCall || part < leastCallPart || e.struggles() {
		return nil
	}
	return []summary.Finding{a.finding(worst, median, part)}
}

// operations are the calls by the span's name.
func (e *Evidence) operations() map[string]*asked {
	ops := map[string]*asked{}
	for _, c := range e.Calls {
		if ops[c.Op] == nil {
			if len(ops) >= mostOps {
				continue
			}
			ops[c.Op] = &asked{}
		}
		a, d := ops[c.Op], time.Duration(c.End-c.Begin)
		a.took, a.sum, a.calls = append(a.took, d), a.sum+d, append(a.calls, c)
	}
	return ops
}

// struggles reports whether an instance gets too little of a processor, or collects garbage
// with much of it.
func (e *Evidence) struggles() bool {
	for i := range e.Instances {
		_, starved := e.starved(i)
		share, known := e.gcShare(i)
		if starved || known && share >= leastGCShare {
			return true
		}
	}
	return false
}

func (a *asked) finding(op string, median time.Duration, part float64) summary.Finding {
	slices.SortStableFunc(a.calls, func(x, y Call) int { return cmp.Compare(y.End-y.Begin, x.End-x.Begin) })
	for _, c := range a.calls[:min(len(a.calls), mostTraces)] {
		a.traces = append(a.traces, c.Trace)
	}
	return summary.Finding{
		Kind: summary.FindingSlowDependency, Basis: summary.BasisMeasured, Cost: part, Confidence: 0.85,
		Sentence: fmt.Sprintf("The service waits for an answer to %q: %s at the median, %s of the server's time", op, duration(median), percent(part)),
		Evidence: []summary.FindingEvidence{{
			Source: "traces", Value: &part, Unit: "1", TraceIDs: a.traces,
			Text: fmt.Sprintf("%d calls take %s at the median and %s at the longest; together they take %s of the time of the server spans.",
				len(a.took), duration(median), duration(a.took[len(a.took)-1]), percent(part)),
		}},
		Try: []string{
			"Look at the dependency's own spans of these traces: is it slow, or the way to it?",
			"Ask less often (cache), earlier, or several things at once.",
		},
		Refute: []string{"The dependency's own server spans are short: then it is the network, a proxy, or a connection that has to be opened."},
	}
}
