package report

import (
	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

type targetRow struct {
	Attack, Name               string
	Requests, Errors, P50, P99 figure
	P90, Max                   figure
	ErrorShare                 string
}

type gcRow struct {
	Name               string
	Requests, P50, P99 figure
	Max                figure
}

// share of a whole.
type share struct {
	Name    string
	Percent string
	Mean    figure
}

func (r *runPage) targets(d *Data) {
	for _, t := range d.Targets {
		r.Targets = append(r.Targets, targetRow{
			Attack: shown(t.Attack), Name: shown(t.Name), Requests: number64(t.Requests), Errors: number64(t.Errors), ErrorShare: quantity.Share(t.Errors, t.Requests),
			P50: quantile(t.Response, t.Response.P50), P90: quantile(t.Response, t.Response.P90), P99: quantile(t.Response, t.Response.P99), Max: quantile(t.Response, t.Response.Max),
		})
	}
}

// joined is what the target's telemetry adds.
func (r *runPage) joined(d *Data) {
	var all float64
	for _, c := range d.Ledger.Components {
		all += c.Took.Seconds()
	}
	if n := d.Ledger.Requests; n > 0 && all > 0 {
		r.LedgerOf = quantity.Some(n, "request", "requests")
		for _, c := range d.Ledger.Components {
			if took := c.Took.Seconds(); took != 0 {
				r.Ledger = append(r.Ledger, share{shown(c.Name), quantity.Percent(took/all, took == all), seconds(summary.Seconds(took / float64(n)))})
			}
		}
	}
	for _, row := range []struct {
		name string
		q    summary.Quantiles
	}{{"a collection overlapped the server's work", d.Collections.Met}, {"a collection may have overlapped it", d.Collections.Possible}, {"no collection overlapped it", d.Collections.NotMet}} {
		if row.q.Count > 0 {
			r.GC = append(r.GC, gcRow{row.name, number64(row.q.Count), quantile(row.q, row.q.P50), quantile(row.q, row.q.P99), quantile(row.q, row.q.Max)})
		}
	}
}
