//go:build stack

package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEveryRequestArrivesEverywhere(t *testing.T) {
	p := startPlatform(t, *duration)
	a := p.watch()
	s := p.ended()
	a.stop()
	tell(t, s)
	a.check(t)
	p.account(t).check(t, p, s)
}

// look is how often a back end is asked whether a request has arrived, by which
// a figure may be too high.
const look = 200 * time.Millisecond

// arrivals watches requests of a run while it goes on: how long after its end each
// is first found in the back ends.
type arrivals struct {
	p     *platform
	until chan struct{} // closed when the watching ends
	own   sync.WaitGroup

	mu     sync.Mutex                 // guards what follows
	after  map[string][]time.Duration // by what arrived
	missed []error
}

const (
	inJaeger     = "joined trace in Jaeger"
	inLoki       = "log line in Loki"
	inPrometheus = "exemplar in Prometheus"
	ofTheJoin    = "exemplar of the join's metrics"
)

// watch some requests, spread over the run, and all exemplars.
func (p *platform) watch() *arrivals {
	a := &arrivals{p: p, until: make(chan struct{}), after: map[string][]time.Duration{}}
	for i := range *samples {
		a.own.Go(func() { a.follow(i * p.requests / *samples) })
	}
	a.own.Go(func() { a.exemplars(inPrometheus, "loadgen_response_time_seconds") })
	a.own.Go(func() { a.exemplars(ofTheJoin, "join_response_time_seconds") })
	return a
}

// stop the watching of exemplars, and wait for what is still looked for.
func (a *arrivals) stop() {
	close(a.until)
	a.own.Wait()
}

// follow a request from about its time of the schedule, which is never before
// that.
func (a *arrivals) follow(seq int) {
	due := a.p.began.Add(time.Duration(seq) * time.Second / time.Duration(*rate))
	time.Sleep(time.Until(due))
	var trace traced
	var inTrace, inLog time.Time
	for tick := time.Tick(look); inTrace.IsZero() || inLog.IsZero(); <-tick {
		if time.Since(due) > time.Minute {
			a.miss(fmt.Errorf("request %d did not arrive within a minute: trace %t, line %t", seq, !inTrace.IsZero(), !inLog.IsZero()))
			return
		}
		if inTrace.IsZero() {
			t, err := a.p.trace(seq)
			if err != nil {
				a.miss(err)
			}
			if t.clients > 0 {
				inTrace, trace = time.Now(), t
			}
		}
		if inLog.IsZero() {
			found, err := a.p.logged(seq, due.Add(-time.Second), time.Now())
			if err != nil {
				a.miss(err)
			}
			if found {
				inLog = time.Now()
			}
		}
	}
	if *alone && !trace.complete {
		a.miss(fmt.Errorf("request %d was not joined whole", seq))
	}
	a.add(inJaeger, inTrace.Sub(trace.ended))
	a.add(inLoki, inLog.Sub(trace.ended))
}

// exemplars of a metric of the run, as they come.
func (a *arrivals) exemplars(what, metric string) {
	seen := map[string]bool{}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-a.until:
			return
		case <-tick.C:
		}
		found, err := a.p.exemplars(fmt.Sprintf(`%s{loadgen_run_id="%s"}`, metric, a.p.run), time.Now().Add(-30*time.Second))
		if err != nil {
			a.miss(err)
		}
		now := time.Now()
		for _, e := range found {
			if !seen[e.trace] {
				seen[e.trace] = true
				a.add(what, now.Sub(e.at))
			}
		}
	}
}

func (a *arrivals) add(what string, after time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.after[what] = append(a.after[what], after)
}

func (a *arrivals) miss(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.missed = append(a.missed, err)
}

// check that everything was found, and on a machine of its own that it was soon.
func (a *arrivals) check(t *testing.T) {
	t.Helper()
	for _, err := range a.missed {
		assert.NoError(t, err)
	}
	t.Logf("%-32s %6s %9s %9s %9s", "from the end of a request", "number", "p50", "p95", "max")
	for _, what := range []string{inJaeger, inLoki, inPrometheus, ofTheJoin} {
		after := a.after[what]
		if !assert.NotEmpty(t, after, "nothing was found: %s", what) {
			continue
		}
		slices.Sort(after)
		p95 := rank(after, 0.95)
		t.Logf("%-32s %6d %9.2fs %8.2fs %8.2fs", what, len(after), rank(after, 0.5).Seconds(), p95.Seconds(), after[len(after)-1].Seconds())
		if *alone {
			assert.LessOrEqual(t, p95, wait+margin, what)
		}
	}
}

// rank is the least value that the part q of all, which are sorted, does not exceed.
func rank(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
