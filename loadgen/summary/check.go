package summary

import (
	"fmt"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// Check returns a sentence for every count that does not add up; none if all do.
func (s *Summary) Check() []string {
	var faults []string
	sum := Requests{}
	for i := range s.Attacks {
		a := &s.Attacks[i]
		faults = append(faults, a.Figures.check("attack "+a.Name)...)
		sum.Planned += a.Requests.Planned
		sum.Finished += a.Requests.Finished
		sum.Failed += a.Requests.Failed
	}
	if t := s.Total.Requests; t.Planned != sum.Planned || t.Finished != sum.Finished || t.Failed != sum.Failed {
		faults = append(faults, fmt.Sprintf(
			"the total of %d planned, %d finished and %d failed is not the sum of the attacks: %d, %d and %d",
			t.Planned, t.Finished, t.Failed, sum.Planned, sum.Finished, sum.Failed))
	}
	return faults
}

func (f *Figures) check(who string) []string {
	var faults []string
	wrong := func(format string, args ...any) {
		faults = append(faults, who+": "+fmt.Sprintf(format, args...))
	}
	r := f.Requests
	if ended := r.Sent() + r.Unsent(); r.Planned != ended {
		wrong("%d requests were planned, but %d finished, %d failed and %d not sent make %d",
			r.Planned, r.Finished, r.Failed, r.Unsent(), ended)
	}
	if n := total(f.Status); n != r.Finished {
		wrong("%d requests finished, but %d have a status", r.Finished, n)
	}
	var failed uint64
	for _, e := range f.Errors {
		failed += e.Count
	}
	if failed != r.Failed {
		wrong("%d requests failed, but %d have a reason", r.Failed, failed)
	}
	if n, want := f.ResponseTime.Count, r.Sent()-f.Cut(); n != want {
		wrong("%d requests were sent and not cut off, but %d were timed", want, n)
	}
	return faults
}

func total(m map[string]uint64) (n uint64) {
	for _, v := range m {
		n += v
	}
	return n
}

// audit compares the accounts of the attacks with the records.
func (a *Accumulator) audit(accounts []runner.Account) []string {
	var faults []string
	for i, c := range accounts {
		name := a.plan.Attacks[i].Name
		if c.Given != c.Recorded {
			faults = append(faults, fmt.Sprintf(
				"attack %s: the engine took %d requests on and accounted for %d", name, c.Given, c.Recorded))
		}
		if n := a.attacks[i].recorded(); n != c.Recorded {
			faults = append(faults, fmt.Sprintf(
				"attack %s: the engine accounted for %d requests, but %d were counted", name, c.Recorded, n))
		}
	}
	return faults
}

// recorded is the number of records.
func (t *tally) recorded() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.counts.finished + t.counts.failed
	for _, v := range t.counts.notSent {
		n += v
	}
	return n
}

// Lose takes n spans that had been delivered for lost behind the place where they
// were: what is said of the telemetry, the faults and the verdict change with it.
func (s *Summary) Lose(n uint64) {
	if n = s.Telemetry.Lose(n, s.Total.Requests.Sent()); n == 0 {
		return
	}
	fault := fmt.Sprintf("the pipeline behind the join did not take all spans: %d were lost", n)
	s.Faults = append(s.Faults, fault)
	s.Verdict.Doubt(fault)
}

// Lose counts n spans, of a run with so many requests sent, as dropped in place of
// delivered, and returns how many these were.
func (t *Telemetry) Lose(n, sent uint64) uint64 {
	n = min(n, t.SpansDelivered)
	t.SpansDelivered -= n
	t.SpansDropped += n
	t.OfRequests(t.SpansOfRequests-min(n, t.SpansOfRequests), sent)
	return n
}

// OfRequests notes that n spans of requests are delivered or waiting, of so many requests
// sent.
func (t *Telemetry) OfRequests(n, sent uint64) {
	t.SpansOfRequests, t.SpansPerRequest = n, 0
	if sent > 0 {
		t.SpansPerRequest = figure.Round(float64(n) / float64(sent))
	}
}

// Check returns a sentence for everything that was lost of the telemetry, for
// spans that are not accounted for, and for a number of spans other than one for
// each request that was not sampled out, if sent requests were sent. A run without spans has no such fault.
func (t Telemetry) Check(sent uint64) []string {
	var faults []string
	lost := func(n uint64, what string) {
		if n > 0 {
			faults = append(faults, fmt.Sprintf("the pipeline did not get all %s: %d were lost", what, n))
		}
	}
	lost(t.SpansDropped, "spans")
	lost(t.LogsDropped, "events")
	lost(t.MetricsDropped, "metric points")
	if n := t.SpansDelivered + t.SpansDropped + t.SpansWaiting; t.SpansMade != n {
		faults = append(faults, fmt.Sprintf("%d spans were made, but %d delivered, %d dropped and %d waiting make %d",
			t.SpansMade, t.SpansDelivered, t.SpansDropped, t.SpansWaiting, n))
	}
	if t.SpansMade == 0 || sent == 0 {
		return faults
	}
	if want := figure.Round(float64(sent-t.SpansSampledOut) / float64(sent)); t.SpansPerRequest != want {
		faults = append(faults, fmt.Sprintf("%.6g spans are left for each request sent, not %.6g", t.SpansPerRequest, want))
	}
	return faults
}
