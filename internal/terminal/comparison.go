package terminal

import (
	"io"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Comparison draws the figures of two runs side by side, and whether they may be held
// against each other at all. It does not judge them.
func Comparison(w io.Writer, a, b *summary.Summary, c summary.Comparability, o Options) {
	p := &printer{Options: o}
	for i, s := range []*summary.Summary{a, b} {
		p.line(p.paint(bold, [...]string{"first ", "second"}[i]) + "  run " + p.clean(s.RunID) + p.dot() + p.clean(s.Plan) +
			p.dot() + s.Began.UTC().Format("2006-01-02 15:04:05") + " UTC" + p.dot() + p.long(s.Elapsed.Duration()))
	}
	for _, pair := range c.Pairs {
		p.pair(&a.Attacks[pair.First], &b.Attacks[pair.Second], c.Answer != environment.Different)
	}
	p.comparability(c)
	io.WriteString(w, p.text.String())
}

// pair draws the figures of an attack in both runs, and the changes if they mean
// anything.
func (p *printer) pair(a, b *summary.Attack, changes bool) {
	if a.Name == b.Name && a.Target == b.Target {
		p.title(a.Name, a.Target)
	} else {
		p.title("first: "+a.Name+p.dot()+"second: "+b.Name, "")
		p.line("    first   " + p.cutMiddle(p.clean(a.Target), p.width()-12))
		p.line("    second  " + p.cutMiddle(p.clean(b.Target), p.width()-12))
	}
	change := change
	head := "change"
	if !changes {
		change, head = func(float64, float64) string { return "" }, ""
	}
	p.line(p.paint(dim, left("", 26)+right("first", 12)+right("second", 12)+right(head, 12)))
	row := func(name, one, other, change string) {
		p.line(left("    "+name, 26) + right(one, 12) + right(other, 12) + p.paint(dim, right(change, 12)))
	}
	row("requests sent", count(a.Requests.Sent()), count(b.Requests.Sent()), "")
	row("errors", unwell(a), unwell(b), "")
	row("not sent", count(a.Requests.Unsent()), count(b.Requests.Unsent()), "")
	row("rate", rateOf(a), rateOf(b), change(a.RateAchieved, b.RateAchieved))
	times := func(what string, one, other summary.Quantiles) {
		for _, q := range []struct {
			name string
			a, b summary.Seconds
		}{{"p50", one.P50, other.P50}, {"p95", one.P95, other.P95}, {"p99", one.P99, other.P99}, {"max", one.Max, other.Max}} {
			row(what+" "+q.name, p.timeOf(one, q.a), p.timeOf(other, q.b), change(float64(q.a), float64(q.b)))
		}
	}
	times("response time", a.ResponseTime, b.ResponseTime)
	times("service time", a.ServiceTime, b.ServiceTime)
	row("schedule lag p99", p.timeOf(a.Lag, a.Lag.P99), p.timeOf(b.Lag, b.Lag.P99), "")
}

// rateOf is the rate of an attack, if it has one.
func rateOf(a *summary.Attack) string {
	if a.RateAchieved <= 0 {
		return "none"
	}
	return rate(a.RateAchieved)
}

// timeOf is a quantile, if there are values.
func (p *printer) timeOf(q summary.Quantiles, s summary.Seconds) string {
	if q.Count == 0 {
		return "-"
	}
	return p.seconds(s)
}

// unwell is the requests that were sent and did not end well, as a part of those sent,
// without those that the stop of the run cut off.
func unwell(a *summary.Attack) string {
	sent := a.Requests.Sent() - a.Cut()
	if sent == 0 {
		return "-"
	}
	return share(a.Bad(), sent)
}

func change(a, b float64) string { return quantity.Change(a, b) }

func (p *printer) comparability(c summary.Comparability) {
	p.gap()
	switch c.Answer {
	case environment.Same:
		p.line(p.paint(bold, "comparable") + "  both were measured in the same environment; whether a change is more than chance")
		p.line("            takes several runs of each")
	case environment.Unknown:
		p.line(p.paint(yellow, "unknown") + "  it is not known whether these figures may be compared:")
	default:
		p.line(p.paint(alarm, "not comparable") + "  a change would mean nothing, so none is shown:")
	}
	for _, text := range c.Obstacles {
		p.bulleted("  ", text)
	}
	for _, text := range c.Notes {
		for _, l := range wrap(p.clean("also: "+text), p.width()-2) {
			p.line("  " + p.paint(dim, l))
		}
	}
}
