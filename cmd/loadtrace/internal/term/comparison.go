package term

import (
	"fmt"
	"io"
	"strings"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Comparison draws the figures of two runs side by side, and whether they may be held
// against each other at all. It does not judge them.
func Comparison(w io.Writer, a, b *summary.Summary, c summary.Comparability, o Options) {
	p := &page{Options: o}
	for i, s := range []*summary.Summary{a, b} {
		p.line(p.paint(bold, [...]string{"first ", "second"}[i]) + "  run " + p.clean(s.RunID) + p.dot() + p.clean(s.Plan) +
			p.dot() + s.Began.UTC().Format("2006-01-02 15:04:05") + " UTC" + p.dot() + p.long(s.Elapsed.Duration()))
	}
	for i := range a.Attacks {
		if other := attackOf(b, a.Attacks[i].Name); other != nil {
			p.pair(&a.Attacks[i], other)
		}
	}
	if names := alone(a, b); len(names) > 0 {
		p.gap()
		p.line("in one run only: " + p.clean(strings.Join(names, ", ")))
	}
	p.comparability(c)
	io.WriteString(w, p.text.String())
}

func attackOf(s *summary.Summary, name string) *summary.Attack {
	for i := range s.Attacks {
		if s.Attacks[i].Name == name {
			return &s.Attacks[i]
		}
	}
	return nil
}

// alone are the attacks that only one run has.
func alone(a, b *summary.Summary) (names []string) {
	for _, pair := range [][2]*summary.Summary{{a, b}, {b, a}} {
		for i := range pair[0].Attacks {
			if name := pair[0].Attacks[i].Name; attackOf(pair[1], name) == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// pair draws the figures of an attack in both runs.
func (p *page) pair(a, b *summary.Attack) {
	p.title(a.Name, a.Target)
	p.line(p.paint(dim, left("", 26)+right("first", 12)+right("second", 12)+right("change", 12)))
	row := func(name, one, other, change string) {
		p.line(left("    "+name, 26) + right(one, 12) + right(other, 12) + p.paint(dim, right(change, 12)))
	}
	row("requests sent", count(a.Requests.Sent()), count(b.Requests.Sent()), "")
	row("errors", unwell(a), unwell(b), "")
	row("not sent", count(a.Requests.Unsent()), count(b.Requests.Unsent()), "")
	row("rate", rate(a.RateAchieved), rate(b.RateAchieved), change(a.RateAchieved, b.RateAchieved))
	times := func(what string, one, other summary.Quantiles) {
		for _, q := range []struct {
			name string
			a, b summary.Seconds
		}{{"p50", one.P50, other.P50}, {"p95", one.P95, other.P95}, {"p99", one.P99, other.P99}, {"max", one.Max, other.Max}} {
			row(what+" "+q.name, p.seconds(q.a), p.seconds(q.b), change(float64(q.a), float64(q.b)))
		}
	}
	times("response time", a.ResponseTime, b.ResponseTime)
	times("service time", a.ServiceTime, b.ServiceTime)
	row("schedule lag p99", p.seconds(a.Lag.P99), p.seconds(b.Lag.P99), "")
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

// change is from one figure to another, as a part of the first.
func change(a, b float64) string {
	if a <= 0 {
		return ""
	}
	return fmt.Sprintf("%+.1f %%", 100*(b-a)/a)
}

func (p *page) comparability(c summary.Comparability) {
	p.gap()
	switch c.Answer {
	case environment.Same:
		p.line(p.paint(bold, "comparable") + "  both were measured in the same environment; whether a change is more than chance")
		p.line("            takes several runs of each")
	case environment.Unknown:
		p.line(p.paint(yellow, "unknown") + "  nothing says whether these figures may be compared:")
	default:
		p.line(p.paint(alarm, "not comparable") + "  the changes above mean nothing:")
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
