package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What a leak is at least.
const (
	leastLeaked   = 20   // goroutines
	leastPer1000  = 1.0  // requests
	leastR2       = 0.8  // of the line of goroutines over requests
	leastLate     = 0.4  // the slope of the second half of the load, as a part of the whole's
	leastRetained = 0.7  // of what came, after the load
	draining      = 0.05 // of what came, that leaves between the last two looks after the load
)

// growth is how a number of goroutines follows the requests.
type growth struct {
	line
	before   float64 // the load
	peak     float64
	came     float64   // with the requests of the load, by the line
	after    []float64 // the load, in the order of time
	retained float64   // of what came, 0 to 1; 0 if after is empty
}

// dose fits goroutines over requests. ok says that they leak: that they grow with the
// requests to the end of the load, and stay after it.
//
// Requests under way have goroutines too, and a leak may come before the answer: what
// follows their number is taken out.
//
// A pool that warms up, a cache and connections grow with what is under way or with what
// was not there before, so their growth ends before the load does. A backlog leaves after
// it.
func (e *Evidence) dose(points Series) (g growth, ok bool) {
	var x, y, z []float64
	for _, p := range points {
		switch {
		case p.At < e.From:
			g.before = p.V
		case p.At <= e.To:
			x, y, z = append(x, e.Dose.At(p.At)), append(y, p.V), append(z, e.UnderWay.At(p.At))
			g.peak = max(g.peak, p.V)
		case p.At > e.To+rest:
			g.after = append(g.after, p.V)
		}
	}
	if g.line, ok = fitBeside(x, y, z); !ok {
		return g, false
	}
	if points[0].At >= e.From {
		g.before = y[0]
	}
	g.came = g.slope * (x[len(x)-1] - x[0])
	late, ok := lateHalf(x, y, z)
	if !ok || late.low <= 0 || late.slope < leastLate*g.slope {
		return g, false
	}
	if g.low <= 0 || 1000*g.slope < leastPer1000 || g.r2 < leastR2 || g.came < leastLeaked {
		return g, false
	}
	return g, g.stays()
}

// rest is how long after the load requests under way may still end.
const rest = 500 * time.Millisecond

// lateHalf is the line through the points of the second half of the requests.
func lateHalf(x, y, z []float64) (line, bool) {
	middle := (x[0] + x[len(x)-1]) / 2
	at := slices.IndexFunc(x, func(v float64) bool { return v >= middle })
	if at < 0 || len(x)-at < 3 {
		return line{}, false
	}
	if len(x)-at < fewPoints { // a few more, of the first half
		at = max(0, len(x)-fewPoints)
	}
	return fitBeside(x[at:], y[at:], z[at:])
}

// stays reports whether what came is there after the load, or nothing is known of that.
func (g *growth) stays() bool {
	if len(g.after) == 0 {
		return true
	}
	last := g.after[len(g.after)-1]
	g.retained = min((last-g.before)/g.came, 1)
	if g.retained < leastRetained {
		return false
	}
	return len(g.after) < 2 || g.after[0]-last <= draining*g.came
}

// leaking is a group of goroutines that leaks.
type leaking struct {
	stack Stack
	growth
}

// leaks finds goroutines that leak by stack. Where there are too few profiles for a line,
// as of a target that takes long for each, it is by their number, and a stack is named if
// the profiles before and after the load show it.
func (e *Evidence) leaks() []summary.Finding {
	if found := e.leakingStacks(); len(found) > 0 {
		return []summary.Finding{e.leakFinding(found, "goroutine_profile")}
	}
	for i := range e.Instances {
		s := e.Instances[i].Series[Goroutines]
		g, ok := e.dose(s)
		if !ok {
			continue
		}
		if len(e.Stacks) == 0 {
			return []summary.Finding{e.countedLeak(&e.Instances[i], g)}
		}
		if stack, ok := e.stayed(g.came); ok {
			return []summary.Finding{e.leakFinding([]leaking{{stack, g}}, "runtime_metrics")}
		}
	}
	return e.beforeAndAfter()
}

// leakingStacks are those that leak, the fastest first.
func (e *Evidence) leakingStacks() (found []leaking) {
	stacks, counts := e.byStack()
	for key, series := range counts {
		stack := stacks[key]
		if stack.Waits() == NoWait || stack.Waits() == Lock {
			continue // who waits for a lock gets it in the end: that is contention
		}
		g, ok := e.dose(series)
		if !ok || stack.ofConnection() && g.came <= 1.2*float64(e.Connections) {
			continue
		}
		found = append(found, leaking{stack, g})
	}
	slices.SortFunc(found, func(a, b leaking) int {
		return cmp.Or(cmp.Compare(b.slope, a.slope), cmp.Compare(a.stack.Key(), b.stack.Key()))
	})
	return found
}

// mostStacks bounds the stacks that are followed: those with most goroutines.
const mostStacks = 500

// byStack is the number of goroutines of each stack over time.
func (e *Evidence) byStack() (map[string]Stack, map[string]Series) {
	stacks, most := map[string]Stack{}, map[string]int{}
	for i := range e.Stacks {
		for _, g := range e.Stacks[i].Groups {
			key := g.Stack.Key()
			stacks[key], most[key] = g.Stack, max(most[key], g.Count)
		}
	}
	counts := map[string]Series{}
	for key := range stacks {
		if most[key] >= leastLeaked {
			counts[key] = make(Series, len(e.Stacks))
		}
	}
	if len(counts) > mostStacks {
		return stacks, nil
	}
	for i := range e.Stacks {
		for key := range counts {
			counts[key][i].At = e.Stacks[i].At
		}
		for _, g := range e.Stacks[i].Groups {
			if s := counts[g.Stack.Key()]; s != nil {
				s[i].V += float64(g.Count)
			}
		}
	}
	return stacks, counts
}

func (e *Evidence) leakFinding(found []leaking, source string) summary.Finding {
	l := found[0]
	blocked, _ := l.stack.Blocked()
	first, _ := l.stack.First()
	sentence := fmt.Sprintf("%s goroutines leak per 1000 requests: they run %s and wait for ever in %s at %s",
		number(1000*l.slope), first.Short(), l.stack.Waits(), blocked.Place())
	if by, ok := e.creator(l.stack); ok && !by.plumbing() {
		sentence += ", created at " + by.String()
	}
	f := leakOf(sentence, &l.growth)
	f.Evidence = append([]summary.FindingEvidence{e.slopeEvidence(source, &l.growth, l.stack.lines())}, e.retention(source, &l.growth)...)
	for _, more := range found[1:min(len(found), 4)] {
		f.Evidence = append(f.Evidence, e.slopeEvidence(source, &more.growth, more.stack.lines()))
	}
	return f
}

// creator is where a leaking goroutine was created.
func (e *Evidence) creator(s Stack) (Frame, bool) {
	if e.Dump == nil {
		return Frame{}, false
	}
	f, ok := e.Dump.Creators[s.Key()]
	return f, ok
}

func (e *Evidence) countedLeak(of *Instance, g growth) summary.Finding {
	f := leakOf(fmt.Sprintf("%s goroutines leak per 1000 requests in %s", number(1000*g.slope), of.name()), &g)
	f.Confidence = min(f.Confidence, 0.9) // which goroutines these are is not known
	f.Evidence = append([]summary.FindingEvidence{e.slopeEvidence("runtime_metrics", &g, nil)}, e.retention("runtime_metrics", &g)...)
	f.Try = append([]string{"Give the run the service's net/http/pprof (--profiles): it then names the line that the goroutines wait at."}, f.Try...)
	return f
}

// name of an instance, for people.
func (i *Instance) name() string {
	if i.Service == "" {
		return "the target"
	}
	return i.Service
}

func leakOf(sentence string, g *growth) summary.Finding {
	f := summary.Finding{
		Kind: summary.FindingGoroutineLeak, Sentence: sentence, Basis: summary.BasisDose, Confidence: 0.8,
		Try: []string{
			"End these goroutines with the request: select on its context's Done, or close what they wait for.",
			"Start one for all requests instead of one for each.",
		},
		Refute: []string{
			"With twice the requests, as many goroutines stay.",
			"Their number falls within minutes after the load, without a restart.",
		},
	}
	if len(g.after) > 0 {
		f.Confidence = 0.95
	}
	if len(g.after) > 1 && g.r2 > 0.95 {
		f.Confidence = 0.99
	}
	return f
}

func (e *Evidence) slopeEvidence(source string, g *growth, stack []string) summary.FindingEvidence {
	v, low, high := 1000*g.slope, 1000*g.low, 1000*g.high
	return summary.FindingEvidence{
		Source: source, Stack: stack, Value: &v, Low: &low, High: &high, Unit: "{goroutine}/1000{request}",
		Text: fmt.Sprintf("Goroutines grow by %s per 1000 requests (95 %% interval %s to %s, %d looks, R² %.2f), from %s to %s.",
			number(v), number(low), number(high), g.n, g.r2, number(g.before), number(g.peak)),
	}
}

func (e *Evidence) retention(source string, g *growth) []summary.FindingEvidence {
	if len(g.after) == 0 {
		return []summary.FindingEvidence{{Source: source, Text: "What stays after the load was not seen."}}
	}
	v := g.retained
	return []summary.FindingEvidence{{
		Source: source, Value: &v, Unit: "1",
		Text: fmt.Sprintf("After the load %s of them stay (%s).", percent(v), number(g.after[len(g.after)-1])),
	}}
}
