package terminal

import "github.com/loadtrace/loadtrace/internal/attr"

// fact is an attribute of what was joined that is a number: how it is shown, and within
// which bounds it can be true. They are far beyond what any process had: what is outside
// was forged, or lost on its way.
type fact struct {
	key, name, format string
	least, most       float64
	value             func(p *printer, v float64) string
}

const (
	pebibyte = 1 << 50
	anHour   = 3600
)

func showWhole(_ *printer, v float64) string { return whole(v) }
func showBytes(_ *printer, v float64) string { return bytesOf(v) }
func showTime(p *printer, v float64) string  { return p.took(seconds(v)) }

// levelFacts are of the runtime, as of the last sample before the work ended.
var levelFacts = []fact{
	{attr.JoinRuntimeGoroutines, "goroutines", "%s goroutines", 1, 1e8, showWhole},
	{attr.JoinRuntimeHeap, "heap", "heap %s", 0, pebibyte, showBytes},
	{attr.JoinRuntimeMemory, "memory of the runtime", "runtime memory %s", 0, pebibyte, showBytes},
	{attr.JoinRuntimeGCGoal, "goal of the GC", "next GC at %s", 0, pebibyte, showBytes},
	{attr.JoinRuntimeProcessors, "GOMAXPROCS", "GOMAXPROCS %s", 1, 1 << 16, showWhole},
	{attr.JoinRuntimeScheduleP99, "scheduler latency", "scheduler latency p99 %s", 0, anHour, showTime},
	{attr.JoinRuntimeEventLoopP99, "event loop delay", "event loop delay p99 %s", 0, anHour, showTime},
}

// duringFacts are of the time between the samples before and after the work.
var duringFacts = []fact{
	{attr.JoinRuntimeCPU, "CPUs busy", "%s CPUs busy", 0, 1 << 16, func(_ *printer, v float64) string { return digits(max(v, 0.001)) }},
	{attr.JoinRuntimeAllocated, "bytes allocated", "%s allocated", 0, 1024 * pebibyte, showBytes},
	{attr.JoinRuntimeGCCycles, "GC cycles", "%s", 0, 1e9, func(_ *printer, v float64) string { return some(uint64(v), "GC cycle", "GC cycles") }},
	{attr.JoinRuntimeGCPause, "GC pause", "paused %s", 0, anHour, showTime},
}

// plausible reports whether a span has a fact, and whether it can be true. A collector
// that is turned off has no goal, which Go's runtime gives as the greatest number: that
// is not a fault, and nothing to show.
func (f *fact) plausible(s *Span) (known, ok bool) {
	if s.attribute(f.key) == "" {
		return false, false
	}
	v, isNumber := s.parsed(f.key)
	if f.key == attr.JoinRuntimeGCGoal && v >= 1<<62 {
		return false, false
	}
	return true, isNumber && v >= f.least && v <= f.most
}

// implausible names the facts that cannot be true.
func implausible(s *Span) (names []string) {
	for _, facts := range [][]fact{levelFacts, duringFacts} {
		for i := range facts {
			if known, ok := facts[i].plausible(s); known && !ok {
				names = append(names, facts[i].name)
			}
		}
	}
	return names
}
