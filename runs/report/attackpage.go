package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// attackPage is the figures of one attack, or of all.
type attackPage struct {
	Name, Target string
	Counts       []countRow
	Rate         string
	Times        []timeRow
	Phases       []phaseRow
	Excerpts     []fact
	Facts        []fact
}

// countRow is a line of the sum that all planned requests add up to.
type countRow struct {
	Sign, Name string
	N          figure
	Share, Of  string
}

type timeRow struct {
	Name  string
	Times []figure // in the order of timeNames
}

// timeNames are the columns of the table of times.
var timeNames = []string{"min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"}

type phaseRow struct {
	Name, Share        string
	Part               float64 // of 100
	Requests, P50, P99 figure
}

func attackOf(name, target string, f *summary.Figures) attackPage {
	p := attackPage{Name: name, Target: target, Rate: rateWords(f)}
	r := f.Requests
	p.Counts = []countRow{
		{"", "planned", number64(r.Planned), "", ""},
		{"=", "finished", number64(r.Finished), quantity.Share(r.Finished, r.Planned), joined(statuses(f.Status))},
		{"+", "failed", number64(r.Failed), quantity.Share(r.Failed, r.Planned), joined(failures(f))},
		{"+", "not sent", number64(r.Unsent()), quantity.Share(r.Unsent(), r.Planned), joined(unsentWords(r.NotSent))},
	}
	for _, row := range []struct {
		name string
		q    summary.Quantiles
	}{{"response time", f.ResponseTime}, {"service time", f.ServiceTime}, {"schedule lag", f.Lag}} {
		if row.q.Count > 0 {
			p.Times = append(p.Times, timesOf(row.name, row.q))
		}
	}
	if s := f.Stream; s != nil {
		if s.First.Count > 0 {
			p.Times = append(p.Times, timesOf("first message", s.First))
		}
		if s.Gap.Count > 0 {
			p.Times = append(p.Times, timesOf("message gap", s.Gap))
		}
		p.Facts = append(p.Facts, fact{"Messages", quantity.Count(s.Sent) + " sent · " + quantity.Count(s.Received) + " received · in " + quantity.Some(s.Calls, "call", "calls")})
	}
	p.phases(f)
	p.words(f)
	return p
}

func joined(words []string) string { return strings.Join(words, " · ") }

func timesOf(name string, q summary.Quantiles) timeRow {
	row := timeRow{Name: name}
	for _, s := range []summary.Seconds{q.Min, q.Mean, q.P50, q.P90, q.P95, q.P99, q.P999, q.Max} {
		row.Times = append(row.Times, seconds(s))
	}
	return row
}

func statuses(of map[string]uint64) (words []string) {
	for _, code := range slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b)) }) {
		words = append(words, plaintext.Line(code)+" × "+quantity.Count(of[code]))
	}
	return words[:min(len(words), maxShown)]
}

func failures(f *summary.Figures) (words []string) {
	for kind, e := range f.Errors {
		words = append(words, plaintext.Line(string(kind))+" × "+quantity.Count(e.Count))
	}
	slices.Sort(words)
	return words[:min(len(words), maxShown)]
}

// rateWords say which rate was wanted, and which was sent.
func rateWords(f *summary.Figures) string {
	switch {
	case f.RateWanted > 0:
		return quantity.Rate(f.RateWanted) + " wanted · " + quantity.Rate(f.RateAchieved) + " sent"
	case f.Requests.Sent() == 0:
		return ""
	case f.RateAchieved == 0:
		return "none: closed loop, and no request finished"
	case f.Lag.Count == 0:
		return quantity.Rate(f.RateAchieved) + " finished · closed loop: as fast as the target answered"
	}
	return quantity.Rate(f.RateAchieved) + " · sent in open stages, finished in closed loops"
}

// phases is where the service time went, the rest last.
func (p *attackPage) phases(f *summary.Figures) {
	all := total(f.ServiceTime)
	if all <= 0 {
		return
	}
	q, rest := &f.Phases, all
	for i, times := range []summary.Quantiles{q.Conn, q.DNS, q.Connect, q.TLS, q.Write, q.Wait, q.Read} {
		if times.Count == 0 {
			continue
		}
		part := total(times) / all
		rest -= total(times)
		p.Phases = append(p.Phases, phaseRow{phaseNames[i], quantity.Percent(part, part >= 1), 100 * part, number64(times.Count), seconds(times.P50), seconds(times.P99)})
	}
	if part := rest / all; part >= 0.0005 {
		p.Phases = append(p.Phases, phaseRow{Name: "the rest", Share: quantity.Percent(part, part >= 1), Part: 100 * part})
	}
}

// total of all values.
func total(q summary.Quantiles) float64 { return float64(q.Mean) * float64(q.Count) }

// words of errors and answers, connections and bodies.
func (p *attackPage) words(f *summary.Figures) {
	for _, kind := range slices.Sorted(maps.Keys(f.Errors)) {
		if e := shown(f.Errors[kind].Example); e != "" {
			p.Excerpts = append(p.Excerpts, fact{shown(string(kind)), e})
		}
	}
	for _, status := range slices.Sorted(maps.Keys(f.Excerpts)) {
		p.Excerpts = append(p.Excerpts, fact{shown(status), shown(f.Excerpts[status])})
	}
	if sent := f.Requests.Sent(); sent > 0 {
		p.Facts = append(p.Facts,
			fact{"Connections", quantity.Count(f.Connections.Opened) + " opened · " + quantity.Share(f.Connections.Reused, sent) + " of requests on a reused one"},
			fact{"Bodies", quantity.Size(f.Bytes.Sent) + " sent · " + quantity.Size(f.Bytes.Received) + " received"})
	}
}
