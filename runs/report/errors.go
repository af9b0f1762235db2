package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// mostErrors bounds the kinds of errors that are listed of an attack.
const mostErrors = 10

// kind is requests of an attack that did not end well, in one way.
type kind struct {
	what  string // such as status 401, failed timeout, not sent late
	count uint64
	// sample is the error of one of them, in our words. What the target's answers say is
	// none: it may be anything, and a report is read by more people than a terminal.
	sample string
}

// kinds of errors of an attack, the most frequent first. Those beyond mostErrors are one.
func kinds(a *summary.Attack) []kind {
	var all []kind
	for status, n := range a.Status {
		if summary.BadStatus(status) {
			all = append(all, kind{what: "status " + status, count: n})
		}
	}
	for reason, e := range a.Errors {
		all = append(all, kind{"failed " + string(reason), e.Count, e.Example})
	}
	for reason, n := range a.Requests.NotSent {
		if n > 0 {
			all = append(all, kind{what: "not sent " + string(reason), count: n})
		}
	}
	slices.SortFunc(all, func(a, b kind) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.what, b.what)) })
	if len(all) > mostErrors {
		rest := kind{what: fmt.Sprintf("%d other kinds", len(all)-mostErrors+1)}
		for _, k := range all[mostErrors-1:] {
			rest.count += k.count
		}
		all = append(all[:mostErrors-1], rest)
	}
	return all
}

// attackLines say what became of the requests of an attack.
func attackLines(a *summary.Attack) []string {
	n := a.Requests
	lines := []string{
		"attack " + a.Name + ": " + a.Target,
		fmt.Sprintf("  %d planned, %d finished, %d failed, %d not sent", n.Planned, n.Finished, n.Failed, n.Unsent()),
	}
	for _, k := range kinds(a) {
		line := fmt.Sprintf("  %s: %d", k.what, k.count)
		if k.sample != "" {
			line += ", such as: " + k.sample
		}
		lines = append(lines, line)
	}
	lines = append(lines, "  rate "+rateOf(a))
	if q := a.ResponseTime; q.Count > 0 {
		lines = append(lines, fmt.Sprintf("  response time p50 %s, p95 %s, p99 %s, max %s", took(q, q.P50), took(q, q.P95), took(q, q.P99), took(q, q.Max)))
	}
	return lines
}

func rateOf(a *summary.Attack) string {
	rate := "none"
	if a.RateAchieved > 0 {
		rate = verdict.Amount(a.RateAchieved, "1/s")
	}
	if a.RateWanted > 0 {
		rate += " of " + verdict.Amount(a.RateWanted, "1/s")
	}
	return rate
}
