package diagnosis

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What an exhausted pool is at least.
const (
	leastWait     = time.Millisecond // before a call
	leastWaits    = 20
	leastFull     = 0.7  // of the waiting, with as many calls under way as there ever are
	leastPoolCost = 0.1  // of the slow requests' time
	steady        = 0.99 // of the time with a call under way, that has no more of them
)

// queue is what is seen of the calls of one operation of an instance.
type queue struct {
	op       string
	instance int
	limit    int           // calls under way: no more in nearly all of the time
	usual    time.Duration // work before a call, where nothing is waited for
	waits    []wait
	full     float64 // of the waiting, with limit calls under way
	busy     float64 // of the time, with limit calls under way
	levels   levels
}

// wait is the time between the beginning of a request's work and its call.
type wait struct {
	trace string
	span
}

// pools finds calls that wait for one another: that begin late, while as many are under
// way as there ever are.
//
// Without a limit, what is late for other reasons (a processor, a lock) is late however
// many calls are under way, and their number has no ceiling that it stays at.
func (e *Evidence) pools() []summary.Finding {
	var worst *queue
	var cost float64
	for _, q := range e.queues() {
		if len(q.waits) < leastWaits || q.full < leastFull {
			continue
		}
		if c := e.waiting(&q); c >= leastPoolCost && (worst == nil || c > cost) {
			worst, cost = &q, c
		}
	}
	if worst == nil {
		return nil
	}
	return []summary.Finding{e.poolFinding(worst, cost)}
}

// mostOps bounds the operations that are looked at.
const mostOps = 100

// queues are the operations, by instance and name.
func (e *Evidence) queues() []queue {
	type key struct {
		instance int
		op       string
	}
	by := map[key][]Call{}
	for _, c := range e.Calls {
		k := key{c.Instance, c.Op}
		if by[k] != nil || len(by) < mostOps {
			by[k] = append(by[k], c)
		}
	}
	var all []queue
	for _, k := range slices.SortedFunc(maps.Keys(by), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.instance, b.instance), cmp.Compare(a.op, b.op))
	}) {
		q := queue{op: k.op, instance: k.instance}
		q.read(by[k])
		all = append(all, q)
	}
	return all
}

func (q *queue) read(calls []Call) {
	levels := occupancy(calls)
	q.levels, q.limit = levels, levels.ceiling()
	var before []time.Duration
	for _, c := range calls {
		if c.Since > 0 {
			before = append(before, time.Duration(c.Begin-c.Since))
		}
	}
	if len(before) == 0 {
		return
	}
	slices.Sort(before)
	q.usual = max(before[len(before)/100], 0) // where nearly all wait, few tell what is usual
	for _, c := range calls {
		late := time.Duration(c.Begin-c.Since) - q.usual
		if c.Since > 0 && late >= max(leastWait, 2*q.usual) {
			q.waits = append(q.waits, wait{c.Trace, span{c.Begin - int64(late), c.Begin}})
		}
	}
	q.full = levels.share(q.waits, q.limit)
	if len(levels) > 1 {
		q.busy = levels.share([]wait{{span: span{levels[0].at, levels[len(levels)-1].at}}}, q.limit)
	}
}

// level is how many calls are under way from a time on.
type level struct {
	at int64
	n  int
}

type levels []level

// occupancy is how many calls are under way, over time.
func occupancy(calls []Call) levels {
	all := make(levels, 0, 2*len(calls))
	for _, c := range calls {
		all = append(all, level{c.Begin, 1}, level{c.End, -1})
	}
	// At one instant ends come first: who takes over is not one more.
	slices.SortFunc(all, func(a, b level) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n)) })
	n := 0
	for i := range all {
		n += all[i].n
		all[i].n = n
	}
	return all
}

// ceiling is the number of calls that is not exceeded in nearly all of the time in which
// there is one.
func (l levels) ceiling() int {
	by := map[int]int64{}
	var busy int64
	for i := range len(l) - 1 {
		if l[i].n > 0 {
			by[l[i].n] += l[i+1].at - l[i].at
			busy += l[i+1].at - l[i].at
		}
	}
	var sum int64
	for _, n := range slices.Sorted(maps.Keys(by)) {
		if sum += by[n]; float64(sum) >= steady*float64(busy) {
			return n
		}
	}
	return 0
}

// share is the part of waits in which at least n calls are under way.
func (l levels) share(waits []wait, n int) float64 {
	var all, full int64
	for _, w := range waits {
		all += w.to - w.from
		at, _ := slices.BinarySearchFunc(l, w.from, func(v level, t int64) int { return cmp.Compare(v.at, t) })
		for i := max(at-1, 0); i < len(l)-1 && l[i].at < w.to; i++ {
			if l[i].n >= n {
				full += max(min(l[i+1].at, w.to)-max(l[i].at, w.from), 0)
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(full) / float64(all)
}

// waiting is the part of the slow requests' response time that a queue takes. Requests
// without a call may have given up their turn: theirs is the time that they spent with all
// places taken, if that is most of it.
func (e *Evidence) waiting(q *queue) float64 {
	by, called := map[string]time.Duration{}, map[string]bool{}
	for _, w := range q.waits {
		by[w.trace] += time.Duration(w.to - w.from)
	}
	for _, c := range e.Calls {
		called[c.Trace] = true
	}
	var waited, all time.Duration
	for _, r := range e.slowest() {
		all += r.Response
		waited += min(by[r.Trace], r.Response)
		if !called[r.Trace] && r.Instance == q.instance {
			if full := q.levels.share([]wait{{span: span{r.Begin, r.End}}}, q.limit); full >= leastFull {
				waited += min(r.Work(), r.Response)
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(waited) / float64(all)
}

// slowest are the requests with the longest response times, that the server worked on.
func (e *Evidence) slowest() []*Request {
	all := make([]*Request, len(e.Requests))
	for i := range e.Requests {
		all[i] = &e.Requests[i]
	}
	slices.SortStableFunc(all, func(a, b *Request) int { return cmp.Compare(b.Response, a.Response) })
	return all[:min(len(all), max(leastSlow, int(slowShare*float64(len(all)))))]
}
