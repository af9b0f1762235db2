package terminal

import (
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// column is a figure of quantiles and its heading.
type column struct {
	name string
	of   func(summary.Quantiles) summary.Seconds
}

func (p *printer) columns() []column {
	all := []column{
		{"p50", func(q summary.Quantiles) summary.Seconds { return q.P50 }},
		{"p90", func(q summary.Quantiles) summary.Seconds { return q.P90 }},
		{"p95", func(q summary.Quantiles) summary.Seconds { return q.P95 }},
		{"p99", func(q summary.Quantiles) summary.Seconds { return q.P99 }},
		{"p99.9", func(q summary.Quantiles) summary.Seconds { return q.P999 }},
		{"max", func(q summary.Quantiles) summary.Seconds { return q.Max }},
	}
	if p.width() >= 100 {
		all = append([]column{
			{"min", func(q summary.Quantiles) summary.Seconds { return q.Min }},
			{"mean", func(q summary.Quantiles) summary.Seconds { return q.Mean }},
		}, all...)
	}
	return all
}

// times is the table of whole requests.
func (p *printer) times(f *summary.Figures) {
	p.gap()
	head := spaces(18)
	for _, c := range p.columns() {
		head += right(c.name, 10)
	}
	p.line(p.paint(dim, head))
	p.quantiles("response time", f.ResponseTime, bold)
	p.quantiles("service time", f.ServiceTime, "")
	if f.Lag.Count > 0 {
		p.quantiles("schedule lag", f.Lag, "")
	}
}

// stream continues the table of times, for calls that stream.
func (p *printer) stream(s *summary.Stream) {
	if s == nil {
		return
	}
	if s.First.Count > 0 {
		p.quantiles("first message", s.First, "")
	}
	if s.Gap.Count > 0 {
		p.quantiles("message gap", s.Gap, "")
	}
	p.gap()
	p.line("    messages      " + count(s.Sent) + " sent" + p.dot() + count(s.Received) + " received" + p.dot() +
		"in " + some(s.Calls, "call", "calls"))
}

func (p *printer) quantiles(name string, q summary.Quantiles, i ink) {
	s := "    " + left(name, 14)
	for _, c := range p.columns() {
		s += p.paint(i, right(p.timeOf(q, c.of(q)), 10))
	}
	p.line(s)
}

// distribution draws response times on a logarithmic scale, if there is a shape
// to be seen.
func (p *printer) distribution(f *summary.Figures) {
	if len(f.Distribution) < 5 {
		return
	}
	p.gap()
	p.line("    " + left("distribution", 14) + "  " + p.paint(dim, p.seconds(f.ResponseTime.Min)) + " " +
		p.paint(cyan, p.spark(f.Distribution)) + " " + p.paint(dim, p.seconds(f.ResponseTime.Max)+", log scale"))
}

type phase struct {
	name  string
	times summary.Quantiles
}

// phases draws where the service time went, with the parts in the order in
// which they occur in a request.
func (p *printer) phases(f *summary.Figures) {
	all := total(f.ServiceTime)
	q := f.Phases
	shown := []phase{
		{"connection wait", q.Conn}, {"dns", q.DNS}, {"connect", q.Connect}, {"tls", q.TLS},
		{"write", q.Write}, {"wait", q.Wait}, {"read", q.Read},
	}
	if all <= 0 || p.imported {
		return
	}
	p.gap()
	bar := min(p.width()-62, 60)
	p.line(p.paint(dim, "    "+left("service time in", 16+bar+1)+right("share", 8)+right("requests", 12)+right("p50", 10)+right("p99", 10)))
	rest := all
	for _, ph := range shown {
		if ph.times.Count > 0 {
			part := total(ph.times)
			rest -= part
			p.phase(ph, part/all, bar)
		}
	}
	if rest/all >= 0.0005 {
		p.phase(phase{name: "the rest"}, rest/all, bar)
	}
}

func (p *printer) phase(ph phase, part float64, bar int) {
	s := "    " + left(ph.name, 16) + p.paint(cyan, p.bar(part, bar)) + " " + right(percent(part, part >= 1), 8)
	if ph.times.Count > 0 {
		s += right(count(ph.times.Count), 12) + right(p.seconds(ph.times.P50), 10) + right(p.seconds(ph.times.P99), 10)
	}
	p.line(s)
}

// total of all values.
func total(q summary.Quantiles) float64 { return float64(q.Mean) * float64(q.Count) }

func (p *printer) connections(f *summary.Figures) {
	c := f.Connections
	p.gap()
	p.line("    connections   " + count(c.Opened) + " opened" + p.dot() +
		share(c.Reused, f.Requests.Sent()) + " of requests on a reused one")
	if c.Resent > 0 {
		p.line("    sent again    " + count(c.Resent) + " calls, by gRPC itself, that the target had not processed")
	}
	p.bodies(f)
}

func (p *printer) bodies(f *summary.Figures) {
	if b := f.Bytes; b.Sent > 0 || b.Received > 0 {
		p.line("    bodies        " + size(b.Sent) + " sent" + p.dot() + size(b.Received) + " received")
	}
}
