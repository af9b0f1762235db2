package diagnosis

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// overlap is how often slow requests meet a GC cycle, beside how often they would by
// chance.
type overlap struct {
	slow   float64 // the share of slow requests that met one
	all    float64 // of all requests
	chance float64 // of slow requests, with the cycles at other times: the mean of the placebos
	// Excess is slow − chance, and low and high its 95 % interval, by the placebos.
	excess, low, high float64
	p                 float64 // of the placebos that had as much, with one added
	n                 int     // slow requests
	traces            []string
}

// Bounds of the placebo.
const (
	placebos   = 400
	slowShare  = 0.05 // the slowest part of the requests, at the server
	leastSlow  = 20
	mostTested = 20_000
)

// overlaps compares the slow requests of an instance with its GC cycles.
//
// Long requests meet more cycles than short ones, whatever made them long. So the placebo
// keeps the requests, and moves all cycles by one offset, those at the end to the
// beginning: that leaves the lengths and the rhythm of both as they are, and takes away
// only that they coincide.
func (e *Evidence) overlaps(instance int) (o overlap, ok bool) {
	var requests []*Request
	for i := range e.Requests {
		if r := &e.Requests[i]; r.Instance == instance && r.End > r.Begin {
			requests = append(requests, r)
		}
	}
	requests = requests[:min(len(requests), mostTested)]
	cycles := e.merged(instance)
	if len(cycles) < 3 || len(requests) < leastSlow/slowShare {
		return o, false
	}
	all := span{requests[0].Begin, requests[0].End}
	for _, r := range requests {
		all.from, all.to = min(all.from, r.Begin), max(all.to, r.End)
	}
	slices.SortStableFunc(requests, func(a, b *Request) int { return cmp.Compare(b.Work(), a.Work()) })
	slow := requests[:int(slowShare*float64(len(requests)))]
	o.n, o.slow, o.all = len(slow), met(slow, cycles, all, 0), met(requests, cycles, all, 0)
	o.place(slow, cycles, all, rand.New(rand.NewPCG(e.Seed, uint64(instance))))
	for _, r := range slow {
		if len(o.traces) < mostTraces && meets(r, cycles, all, 0) {
			o.traces = append(o.traces, r.Trace)
		}
	}
	return o, true
}

// mostTraces bounds the requests that a fact names.
const mostTraces = 3

func (o *overlap) place(slow []*Request, cycles []span, all span, random *rand.Rand) {
	chance := make([]float64, placebos)
	asMuch := 0
	for i := range chance {
		chance[i] = met(slow, cycles, all, random.Int64N(all.to-all.from))
		if chance[i] >= o.slow {
			asMuch++
		}
	}
	slices.Sort(chance)
	o.chance = mean(chance)
	o.excess = o.slow - o.chance
	o.low, o.high = o.slow-chance[placebos*975/1000], o.slow-chance[placebos*25/1000]
	o.p = float64(1+asMuch) / (1 + placebos)
}

// span is a time from one instant to another, of one clock.
type span struct{ from, to int64 }

// merged are the cycles of an instance, in their order and without overlaps.
func (e *Evidence) merged(instance int) (all []span) {
	for _, c := range e.Cycles {
		if c.Instance == instance {
			all = append(all, span{c.Begin, c.End})
		}
	}
	return union(all)
}

// union of spans, in their order.
func union(all []span) (out []span) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// met is the share of requests that meet a cycle, with all cycles later by an offset.
func met(requests []*Request, cycles []span, all span, offset int64) float64 {
	n := 0
	for _, r := range requests {
		if meets(r, cycles, all, offset) {
			n++
		}
	}
	return float64(n) / float64(len(requests))
}

// meets moves the request instead of the cycles, within the time that all take.
func meets(r *Request, cycles []span, all span, offset int64) bool {
	from := r.Begin - offset
	if from < all.from {
		from += all.to - all.from
	}
	to := from + r.End - r.Begin
	at, _ := slices.BinarySearchFunc(cycles, from, func(c span, t int64) int { return cmp.Compare(c.to, t) })
	return at < len(cycles) && cycles[at].from <= to
}
