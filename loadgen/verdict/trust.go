package verdict

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Evidence is what is known of how well a run was measured.
type Evidence struct {
	Attacks []Attack
	Faults  []string // of loadtrace itself: counts that do not add up, telemetry that was lost
	Lost    bool     // there is telemetry that was lost among them
	// Interrupted is what stopped the run, if that was not a threshold; Error is an
	// engine's.
	Interrupted, Error string
	Strain             vitals.Strain
	// Shards are why shards of the run make it undecided, a sentence each: they are missing,
	// or their own measurements cannot be trusted. Advice is what to do about that.
	Shards, Advice []string
}

// Attack is evidence of one attack.
type Attack struct {
	Name    string
	Sent    uint64
	Late    uint64 // planned and not sent, since their turn came too late
	Lag     Tail   // of open-loop requests
	Service time.Duration
	// ConnWait is the wait for a connection or for a stream of one, where the plan or the
	// target limits them; WaitedFor says in words what was limited.
	ConnWait  Tail
	WaitedFor string
	// GaveUp is the requests that were not sent, since that wait took the whole Timeout.
	GaveUp  uint64
	Timeout time.Duration
	// Requests that failed for want of something of the generator's machine.
	NoFiles, NoPorts uint64
}

// Tail is the end of a distribution.
type Tail struct {
	Count    uint64
	P90, P99 time.Duration
}

// few is the number of requests below which a p99 is a single request, the
// slowest: then the p90 stands in for it.
const few = 100

func (t Tail) value() (time.Duration, string) {
	if t.Count < few {
		return t.P90, "p90"
	}
	return t.P99, "p99"
}

// allowance is the part of the service time that the generator may add to it.
const allowance = 10

// Doubts are the reasons not to trust a measurement, a sentence each, the most
// telling first.
func Doubts(t loadgen.Trust, e *Evidence) []string { return examine(t, e).list }

func examine(t loadgen.Trust, e *Evidence) *doubts {
	t = t.WithDefaults()
	d := &doubts{list: slices.Clone(e.Shards)}
	for _, what := range e.Advice {
		d.advise(what)
	}
	d.run(e)
	for i := range e.Attacks {
		d.attack(t, &e.Attacks[i])
	}
	d.strain(t, &e.Strain)
	d.list = append(d.list, e.Faults...)
	if len(e.Faults) > 0 {
		d.advise(adviceOnFaults(e.Lost))
	}
	return d
}

// doubts are reasons, and what to do about them.
type doubts struct{ list, advice []string }

func (d *doubts) add(format string, args ...any) {
	d.list = append(d.list, fmt.Sprintf(format, args...))
}

// advise adds what to do, once.
func (d *doubts) advise(what string) {
	if !slices.Contains(d.advice, what) {
		d.advice = append(d.advice, what)
	}
}

// NotCarriedOut is the reason not to trust the measurement of a run that was stopped.
func NotCarriedOut(why string) string { return "the run did not complete its plan: " + why }

// NothingSent is the reason not to trust the measurement of a run without requests.
const NothingSent = "no request was sent, so nothing was measured"

func (d *doubts) run(e *Evidence) {
	switch {
	case e.Error != "":
		d.add("the run failed: %s", e.Error)
	case e.Interrupted != "":
		d.list = append(d.list, NotCarriedOut(e.Interrupted))
		d.advise(adviceOnStop)
	}
	var sent uint64
	for i := range e.Attacks {
		sent += e.Attacks[i].Sent
	}
	if sent == 0 {
		d.list = append(d.list, NothingSent)
	}
}

func (d *doubts) attack(t loadgen.Trust, a *Attack) {
	if a.NoFiles > 0 {
		d.add("attack %s: %s for want of file descriptors of the generator (error no_files); raise ulimit -n", a.Name, failed(a.NoFiles))
	}
	if a.NoPorts > 0 {
		d.add("attack %s: %s for want of local ports of the generator (error no_ports); keep connections alive or widen net.ipv4.ip_local_port_range", a.Name, failed(a.NoPorts))
	}
	if a.Late > 0 {
		d.add("attack %s: the schedule was not kept: %d planned requests came too late to be sent", a.Name, a.Late)
		d.advise(adviceOnLag)
	}
	lagAllowed := max(t.ScheduleLag, a.Service/allowance)
	if lag, name := a.Lag.value(); a.Lag.Count > 0 && lag > lagAllowed {
		d.add("attack %s: the schedule was not kept: the %s schedule lag is %s, more than %s", a.Name, name, rounded(lag), rounded(lagAllowed))
		d.advise(adviceOnLag)
	}
	waitAllowed := max(t.ConnectionWait, a.Service/allowance)
	if wait, name := a.ConnWait.value(); a.ConnWait.Count > 0 && wait > waitAllowed {
		d.add("attack %s: requests waited for %s: the %s connection wait is %s, more than %s", a.Name, a.WaitedFor, name, rounded(wait), rounded(waitAllowed))
		d.advise(adviceOnConnWait)
	}
	if a.GaveUp > 0 && (a.Timeout == 0 || t.ConnectionWait < a.Timeout) {
		d.add("attack %s: %s for %s for the whole timeout of %s", a.Name, gaveUp(a.GaveUp), a.WaitedFor, a.Timeout)
		d.advise(adviceOnConnWait)
	}
}

func gaveUp(n uint64) string {
	if n == 1 {
		return "1 request was not sent: it waited"
	}
	return fmt.Sprintf("%d requests were not sent: they waited", n)
}

func failed(n uint64) string {
	if n == 1 {
		return "1 request failed"
	}
	return fmt.Sprintf("%d requests failed", n)
}

func (d *doubts) strain(t loadgen.Trust, s *vitals.Strain) {
	share := func(value *float64, limit loadgen.Limit, what, advice string) {
		if most, _, _ := limit.Read(); value != nil && *value > most {
			d.add("%s, more than %s", fmt.Sprintf(what, percent(*value)), limit)
			d.advise(advice)
		}
	}
	share(s.CPUThrottled, t.CPUThrottled, "the generator was starved: its cgroup was throttled in %s of its periods of CPU", adviceOnThrottling)
	share(s.CPUSteal, t.CPUSteal, "the generator was starved: the machine's host took %s of its CPU time (steal)", adviceOnSteal)
	if l := s.SchedulerLatency; l != nil && *l > t.SchedulerLatency.Seconds() {
		d.add("the generator was starved: the p99 wait of its goroutines for a processor is %s, more than %s",
			rounded(time.Duration(*l*float64(time.Second))), rounded(t.SchedulerLatency))
		d.advise(adviceOnLatency)
	}
}

func percent(ratio float64) string { return fmt.Sprintf("%.3g %%", 100*ratio) }

// rounded to three significant digits.
func rounded(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	unit := math.Pow10(max(0, int(math.Floor(math.Log10(float64(d))))-2))
	return d.Round(time.Duration(unit))
}
