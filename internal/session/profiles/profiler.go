package profiles

import (
	"context"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
	"github.com/loadtrace/loadtrace/runs/diagnosis/goprofile"
)

// How often, and how long, a target is asked.
const (
	interval    = time.Second // between goroutine profiles, at least
	idlePart    = 20          // times as long as an answer took, the target is left alone
	mostIdle    = 3 * time.Second
	mostLooks   = 60 // then every other is dropped, and the interval doubled
	firstLook   = 1 * time.Second
	secondLook  = 2 * time.Second // after the first, when the load has gone
	mostDumped  = 20_000          // goroutines, of which a dump is asked for
	fewLeft     = 20              // goroutines more than before the load, or no dump
	mostTrouble = 5
	mostKept    = 32 << 20 // bytes of profiles that are kept
)

// Profiler takes the profiles of a run.
type Profiler struct {
	client *client
	cpu    time.Duration // that a CPU profile lasts
	looks  []look
	every  time.Duration
	first  before
	result result
	cost   summary.Profiles
	kept   []Profile
	bytes  int // of kept
}

// look is a goroutine profile.
type look struct {
	at     time.Time
	groups []diagnosis.Group
	total  int
}

// before is profiles from before the load.
type before struct {
	heap, mutex []byte
	goroutines  int
}

// result is what the profiles show.
type result struct {
	cpu         *diagnosis.CPU
	allocations *diagnosis.Allocations
	contention  []diagnosis.Site
	dump        *diagnosis.Dump
}

// Profile is a profile as it came.
type Profile struct {
	Name string // kind and moment, such as heap-baseline
	At   time.Time
	Data []byte
}

// New makes a profiler of the pprof at a URL. Close it.
func New(url string, cpu time.Duration, gate allow.Gate) (*Profiler, error) {
	c, err := newClient(url, gate)
	if err != nil {
		return nil, err
	}
	return &Profiler{client: c, cpu: cpu, every: interval, cost: summary.Profiles{URL: c.shown()}}, nil
}

// Close releases the profiler's connections.
func (p *Profiler) Close() { p.client.close() }

// Baseline takes the profiles before the load. It forces a garbage collection, without
// which a heap profile is of the last one.
func (p *Profiler) Baseline(ctx context.Context) {
	p.look(ctx, "baseline")
	if len(p.looks) > 0 {
		p.first.goroutines = p.looks[0].total
	}
	p.first.heap = p.take(ctx, "heap?gc=1", "heap-baseline")
	p.first.mutex = p.take(ctx, "mutex", "mutex-baseline")
}

// During takes profiles until ctx ends, which it does with the load. The load is expected
// to last length; 0 is unknown.
func (p *Profiler) During(ctx context.Context, length time.Duration) {
	steady := min(length/2, time.Minute)
	if length == 0 {
		steady = 5 * time.Second
	}
	profiled := time.After(steady)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			took := p.look(ctx, "load")
			timer.Reset(max(p.every, min(idlePart*took, mostIdle)))
		case <-profiled:
			p.steady(ctx, length)
		}
	}
}

// steady takes a heap profile and the CPU profile. One that the end of the load cuts off
// does not count: it would be of an idle target.
func (p *Profiler) steady(ctx context.Context, length time.Duration) {
	p.take(ctx, "heap", "heap-steady")
	lasts := max(p.cpu, time.Second).Truncate(time.Second)
	if length > 0 {
		lasts = max(min(lasts, (length/3).Truncate(time.Second)), time.Second)
	}
	a, err := p.client.profile(ctx, fmt.Sprintf("profile?seconds=%d", int(lasts.Seconds())), lasts)
	if err != nil {
		if ctx.Err() == nil {
			p.trouble(err)
		}
		return
	}
	p.took(a, "cpu-steady")
	if cpu, err := goprofile.CPU(a.data); err != nil {
		p.trouble(err)
	} else {
		p.result.cpu = cpu
	}
}

// After takes the profiles after the load: two of the goroutines, far enough apart that a
// backlog is seen to leave, and what forces a collection or stops the target for long.
// dose is the number of requests of the load.
func (p *Profiler) After(ctx context.Context, dose float64) {
	for _, wait := range []time.Duration{firstLook, secondLook} {
		select {
		case <-time.After(wait):
			p.look(ctx, "after")
		case <-ctx.Done():
			return
		}
	}
	p.allocations(ctx, dose)
	p.contention(ctx)
	p.dump(ctx)
}

func (p *Profiler) allocations(ctx context.Context, dose float64) {
	heap := p.take(ctx, "heap?gc=1", "heap-after")
	if heap == nil || p.first.heap == nil {
		return
	}
	bytes, sites, err := goprofile.Between(p.first.heap, heap, "alloc_space")
	objects, _, errObjects := goprofile.Between(p.first.heap, heap, "alloc_objects")
	if err != nil || errObjects != nil {
		p.trouble(err, errObjects)
		return
	}
	p.result.allocations = &diagnosis.Allocations{Dose: dose, Bytes: bytes, Objects: objects, Sites: sites}
}

func (p *Profiler) contention(ctx context.Context) {
	mutex := p.take(ctx, "mutex", "mutex-after")
	if mutex == nil || p.first.mutex == nil {
		return
	}
	sum, sites, err := goprofile.Between(p.first.mutex, mutex, "delay")
	if err != nil {
		p.trouble(err)
	} else if sum > 0 {
		p.result.contention = sites
	}
}

// dump asks who created the goroutines that stayed, if there are some and not too many:
// writing out all stacks stops the target.
func (p *Profiler) dump(ctx context.Context) {
	if len(p.looks) == 0 {
		return
	}
	if n := p.looks[len(p.looks)-1].total; n > mostDumped || n-p.first.goroutines < fewLeft {
		return
	}
	a, err := p.client.get(ctx, "goroutine?debug=2", 0, dumpBytes, true)
	if err != nil {
		p.trouble(err)
		return
	}
	p.took(a, "")
	p.result.dump = goprofile.Dump(a.data, a.cut)
}

// look takes a goroutine profile, and returns how long the target took for it.
func (p *Profiler) look(ctx context.Context, moment string) time.Duration {
	began := time.Now()
	a, err := p.client.profile(ctx, "goroutine", 0)
	if err != nil {
		if ctx.Err() == nil {
			p.trouble(err)
		}
		return 0
	}
	groups, total, err := goprofile.Goroutines(a.data)
	if err != nil {
		p.trouble(err)
		return a.took
	}
	p.took(a, "goroutine-"+moment)
	p.looks = append(p.looks, look{at: began.Add(a.took / 2), groups: groups, total: total})
	if len(p.looks) > mostLooks {
		p.thin()
	}
	return a.took
}

// thin drops every other look, but for the first.
func (p *Profiler) thin() {
	kept := p.looks[:0]
	for i := 0; i < len(p.looks); i += 2 {
		kept = append(kept, p.looks[i])
	}
	p.looks = kept
	p.every *= 2
}
