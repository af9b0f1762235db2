package calibrate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Tolerance is how far the response time of a stall may be from the truth, as a
// part of it.
const Tolerance = 0.02

// Run runs a plan and returns its summary.
type Run func(ctx context.Context, plan *loadgen.Plan) (summary.Summary, error)

// Points are quantiles of a duration, nearest rank, in seconds.
type Points struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Result is what a case showed.
type Result struct {
	Case string `json:"case"`
	// Injected is the latency that the server was told to add, Served what it took
	// by its own clock, ServiceTime what was measured of that.
	Injected    Points `json:"injected"`
	Served      Points `json:"served"`
	ServiceTime Points `json:"service_time"`
	// Truth is the response time as arithmetic has it, ResponseTime what was
	// measured of it.
	Truth        Points  `json:"truth"`
	ResponseTime Points  `json:"response_time"`
	Lag          Points  `json:"schedule_lag"`
	Stalls       bool    `json:"stalls"`
	Error        float64 `json:"error,omitempty"` // of a stall: the greatest of p95, p99, p99.9, as a part of the truth
	Requests     uint64  `json:"requests"`
	Finished     uint64  `json:"finished"`
	SpansLost    uint64  `json:"spans_lost"`
	Pauses       Pauses  `json:"gc_pauses"` // of the process, which holds the server too
	// Faults are why the instrument is not to be trusted, each a sentence.
	Faults []string `json:"faults,omitempty"`
}

// Do runs one case.
func Do(ctx context.Context, c Case, run Run) (Result, error) {
	exact, err := truth(&c)
	if err != nil {
		return Result{}, err
	}
	s, err := serve(&c)
	if err != nil {
		return Result{}, err
	}
	defer s.stop()
	plan, err := planfile.Parse("calibrate", []byte(c.plan(s.address)), planfile.Literal())
	if err != nil {
		return Result{}, fmt.Errorf("plan of the case %s: %w", c.Name, err)
	}
	before := readPauses()
	sum, err := run(ctx, plan)
	if err != nil {
		return Result{}, fmt.Errorf("case %s: %w", c.Name, err)
	}
	r := Result{
		Case: c.Name, Pauses: readPauses().since(before), Stalls: c.Stall > 0,
		Injected: points(injected(&c)), Served: points(s.took()), Truth: points(exact),
	}
	r.read(&c, &sum)
	return r, nil
}

// plan of the case, in the words of a plan file.
func (c *Case) plan(address string) string {
	target := fmt.Sprintf("http: {url: 'http://%s/', timeout: 30s, connections: %d}", address, room)
	if c.GRPC {
		target = fmt.Sprintf("grpc: {target: '%s', plaintext: true, method: grpc.health.v1.Health/Check, timeout: 30s}", address)
	}
	most := c.MaxWorkers
	if most == 0 {
		most = room
	}
	var load []string
	for _, s := range c.load() {
		load = append(load, fmt.Sprintf("{constant: %v/s, count: %d}", float64(s.Constant), s.Count))
	}
	trust := ""
	if c.MaxWorkers > 0 {
		trust = "trust: {schedule_lag: 1h}\n" // waiting for a worker is what the case is about
	}
	return fmt.Sprintf("name: calibrate\nattacks:\n- name: reference\n  %s\n  workers: %d\n  max_workers: %d\n  load: [%s]\n"+
		"limits: {overrun: 1m}\n%s", target, min(most, 100), most, strings.Join(load, ", "), trust)
}

func injected(c *Case) []time.Duration {
	all := make([]time.Duration, c.Count)
	for i := range all {
		all[i] = c.Latency(i)
	}
	return all
}

// read takes what the summary says, and judges it.
func (r *Result) read(c *Case, sum *summary.Summary) {
	t := &sum.Total
	r.ServiceTime, r.ResponseTime, r.Lag = of(t.ServiceTime), of(t.ResponseTime), of(t.Lag)
	r.Requests, r.Finished = t.Requests.Planned, t.Requests.Finished
	r.SpansLost = sum.Telemetry.SpansMade - min(sum.Telemetry.SpansMade, sum.Telemetry.SpansDelivered)
	for _, doubt := range slices.Concat(sum.Faults, sum.Verdict.Reasons) {
		if !slices.Contains(r.Faults, doubt) {
			r.Faults = append(r.Faults, doubt)
		}
	}
	if r.SpansLost > 0 {
		r.fault("%d of %d spans were lost", r.SpansLost, sum.Telemetry.SpansMade)
	}
	if r.Finished != uint64(c.Count) {
		r.fault("%d of %d requests finished", r.Finished, c.Count)
	}
	if !r.Stalls {
		return
	}
	for _, p := range [][2]float64{
		{r.ResponseTime.P95, r.Truth.P95}, {r.ResponseTime.P99, r.Truth.P99}, {r.ResponseTime.P999, r.Truth.P999},
	} {
		if p[1] >= (c.Stall / 20).Seconds() { // less is not of the stall
			r.Error = max(r.Error, math.Abs(p[0]-p[1])/p[1])
		}
	}
	if r.Error > Tolerance {
		r.fault("the response time of the stall is off by %.1f %%, more than %.0f %%", 100*r.Error, 100*Tolerance)
	}
	r.Error = figure.Round(r.Error)
}

func (r *Result) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

func of(q summary.Quantiles) Points {
	return Points{
		P50: float64(q.P50), P90: float64(q.P90), P95: float64(q.P95),
		P99: float64(q.P99), P999: float64(q.P999), Max: float64(q.Max),
	}
}

// points are the quantiles of all values, which it sorts.
func points(all []time.Duration) Points {
	if len(all) == 0 {
		return Points{}
	}
	slices.Sort(all)
	at := func(q float64) float64 {
		rank := int(math.Ceil(q * float64(len(all))))
		return all[max(rank, 1)-1].Seconds()
	}
	return Points{P50: at(.5), P90: at(.9), P95: at(.95), P99: at(.99), P999: at(.999), Max: at(1)}
}
