package diagnosis

import (
	"fmt"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// leastPart is what one stack makes of all goroutines that came, at least, to be named.
const leastPart = 0.6

// stayed is the stack that most of the goroutines have that were not there before the load
// and are there after it.
func (e *Evidence) stayed(came float64) (Stack, bool) {
	first, last := &e.Stacks[0], &e.Stacks[len(e.Stacks)-1]
	if first.At >= e.From || last.At <= e.To+rest {
		return nil, false
	}
	before := map[string]int{}
	for _, g := range first.Groups {
		before[g.Stack.Key()] = g.Count
	}
	for _, g := range last.Groups { // the greatest first
		n := float64(g.Count - before[g.Stack.Key()])
		if w := g.Stack.Waits(); n >= leastPart*came && w != NoWait && w != Lock && !g.Stack.ofConnection() {
			return g.Stack, true
		}
	}
	return nil, false
}

// What before and after show alone: goroutines per request, and how many. A cache or a pool
// that has its fill has fewer.
const (
	leastPerRequest = 0.5
	leastStayed     = 200
	fewLooks        = 6 // under load; with more, a line is to be seen
)

// beforeAndAfter finds a leak by the profiles before and after the load alone, of a target
// that is too busy to give profiles under it.
func (e *Evidence) beforeAndAfter() []summary.Finding {
	dose := e.Dose.At(e.To)
	if len(e.Stacks) < 2 || e.looks() >= fewLooks || dose*leastPerRequest < leastStayed {
		return nil
	}
	stack, ok := e.stayed(dose * leastPerRequest / leastPart)
	if !ok {
		return nil
	}
	n := e.count(stack, len(e.Stacks)-1) - e.count(stack, 0)
	if last := len(e.Stacks) - 2; e.Stacks[last].At > e.To+rest && float64(e.count(stack, last)-e.count(stack, 0)-n) > draining*float64(n) {
		return nil // they are leaving
	}
	blocked, _ := stack.Blocked()
	first, _ := stack.First()
	perRequest := float64(n) / dose
	f := leakOf(fmt.Sprintf("%d goroutines stay after the load, %s per 1000 requests: they run %s and wait in %s at %s",
		n, number(1000*perRequest), first.Short(), stack.Waits(), blocked.Place()), &growth{})
	f.Confidence = 0.6
	f.Evidence = []summary.FindingEvidence{{
		Source: "goroutine_profile", Value: &perRequest, Unit: "{goroutine}/{request}", Stack: stack.lines(),
		Text: fmt.Sprintf("%d goroutines of this stack are there after %s requests that were not there before; the service was too busy to be looked at meanwhile.", n, number(dose)),
	}}
	return []summary.Finding{f}
}

// count is the number of goroutines of a stack in a profile.
func (e *Evidence) count(stack Stack, at int) int {
	for _, g := range e.Stacks[at].Groups {
		if g.Stack.Key() == stack.Key() {
			return g.Count
		}
	}
	return 0
}
