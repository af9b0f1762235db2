package report

import (
	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// comparePage holds the figures of two runs beside each other.
type comparePage struct {
	Answer, Words    string
	Obstacles, Notes []string
	Pairs            []pairPage
	Changes          bool // they mean something
}

type pairPage struct {
	Name string
	Rows []pairRow
}

type pairRow struct {
	Name          string
	First, Second figure
	Change        string
}

var answers = map[environment.Answer][2]string{
	environment.Same:      {"Comparable", "Both runs were measured in the same environment. Whether a change is more than chance takes several runs of each."},
	environment.Unknown:   {"Unknown", "It is not known whether these figures may be compared:"},
	environment.Different: {"Not comparable", "A change would mean nothing, so none is shown:"},
}

func newComparison(a, b *summary.Summary) *comparePage {
	c := summary.Comparable(a, b)
	words := answers[c.Answer]
	p := &comparePage{Answer: words[0], Words: words[1], Obstacles: plainAll(c.Obstacles), Notes: plainAll(c.Notes), Changes: c.Answer != environment.Different}
	for _, pair := range c.Pairs[:min(len(c.Pairs), maxShown)] {
		one, other := &a.Attacks[pair.First], &b.Attacks[pair.Second]
		name := shown(one.Name)
		if one.Name != other.Name {
			name += " · second: " + shown(other.Name)
		}
		p.Pairs = append(p.Pairs, pairPage{Name: name, Rows: p.rows(&one.Figures, &other.Figures)})
	}
	return p
}

func (p *comparePage) rows(a, b *summary.Figures) (rows []pairRow) {
	add := func(name string, one, other figure, change string) {
		if !p.Changes {
			change = ""
		}
		rows = append(rows, pairRow{name, one, other, change})
	}
	add("requests sent", number64(a.Requests.Sent()), number64(b.Requests.Sent()), "")
	add("errors", wrong(a), wrong(b), "")
	add("not sent", number64(a.Requests.Unsent()), number64(b.Requests.Unsent()), "")
	add("rate", achieved(a), achieved(b), quantity.Change(a.RateAchieved, b.RateAchieved))
	times := func(what string, one, other summary.Quantiles) {
		for _, q := range []struct {
			name string
			a, b summary.Seconds
		}{{"p50", one.P50, other.P50}, {"p95", one.P95, other.P95}, {"p99", one.P99, other.P99}, {"max", one.Max, other.Max}} {
			add(what+" "+q.name, quantile(one, q.a), quantile(other, q.b), quantity.Change(float64(q.a), float64(q.b)))
		}
	}
	times("response time", a.ResponseTime, b.ResponseTime)
	times("service time", a.ServiceTime, b.ServiceTime)
	add("schedule lag p99", quantile(a.Lag, a.Lag.P99), quantile(b.Lag, b.Lag.P99), "")
	return rows
}

// achieved is the rate of figures, if they have one.
func achieved(f *summary.Figures) figure {
	if f.RateAchieved <= 0 {
		return figure{"none", ""}
	}
	return rateFigure(f.RateAchieved)
}

// wrong is the requests that were sent and did not end well, as a part of those sent.
func wrong(f *summary.Figures) figure {
	sent := f.Requests.Sent() - f.Cut()
	if sent == 0 {
		return figure{"–", ""}
	}
	return figure{quantity.Share(f.Bad(), sent), number64(f.Bad()).Value}
}
