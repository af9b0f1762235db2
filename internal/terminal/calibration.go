package terminal

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/loadtrace/loadtrace/internal/calibrate"
)

// Calibration draws what a case of a calibration showed.
func Calibration(w io.Writer, r *calibrate.Result, o Options) {
	p := &printer{Options: o}
	p.caseHead(r)
	p.pointsHead()
	p.line("    service time")
	p.points("  injected", Points(r.Injected), "")
	p.points("  served", Points(r.Served), "")
	p.points("  measured", Points(r.ServiceTime), bold)
	p.differences("  error", r.ServiceTime, r.Served)
	p.line("    response time")
	p.points("  truth", Points(r.Truth), "")
	p.points("  measured", Points(r.ResponseTime), bold)
	p.differences("  error", r.ResponseTime, r.Truth)
	p.points("schedule lag", Points(r.Lag), "")
	p.gap()
	p.line(p.paint(dim, "    "+p.lost(r)+p.dot()+p.pauses(r.Pauses)))
	if r.Stalls {
		p.line(fmt.Sprintf("    the stall is in the response time, off by at most %.2f %% at p95 to p99.9;", 100*r.Error))
		p.line("    by the service time alone, p99 would be " + p.took(inNanoseconds(r.ServiceTime.P99)))
	}
	for _, f := range r.Faults {
		p.line("    " + p.paint(alarm, p.pick("✘ ", "!! ")) + p.clean(f))
	}
	p.gap()
	io.WriteString(w, p.text.String())
}

// Points are drawn in one row.
type Points calibrate.Points

func (p *printer) caseHead(r *calibrate.Result) {
	mark := p.paint(green, p.pick("✔", "ok"))
	if len(r.Faults) > 0 {
		mark = p.paint(alarm, p.pick("✘", "!!"))
	}
	size := count(r.Requests) + " requests"
	head := mark + " " + p.paint(bold, p.clean(r.Case))
	p.line(head + spaces(p.width()-width(head)-width(size)) + size)
}

func (p *printer) pointsHead() {
	head := spaces(18)
	for _, name := range []string{"p50", "p90", "p95", "p99", "p99.9", "max"} {
		head += right(name, 10)
	}
	p.line(p.paint(dim, head))
}

func (q Points) row() [6]float64 { return [6]float64{q.P50, q.P90, q.P95, q.P99, q.P999, q.Max} }

// points is a row of durations, or, of none, its name alone.
func (p *printer) points(name string, q Points, i ink) {
	s := "    " + left(name, 14)
	if q != (Points{}) {
		for _, v := range q.row() {
			s += p.paint(i, right(p.took(inNanoseconds(v)), 10))
		}
	}
	p.line(s)
}

// differences is a row of what was measured less what is true.
func (p *printer) differences(name string, measured, truth calibrate.Points) {
	s := "    " + left(name, 14)
	a, b := Points(measured).row(), Points(truth).row()
	for i := range a {
		d := inNanoseconds(a[i] - b[i])
		text := p.took(d)
		if d > 0 {
			text = "+" + text
		}
		s += p.paint(cyan, right(text, 10))
	}
	p.line(s)
}

func inNanoseconds(seconds float64) time.Duration { return time.Duration(math.Round(seconds * 1e9)) }

func (p *printer) lost(r *calibrate.Result) string {
	if r.SpansLost == 0 {
		return "no span lost"
	}
	return count(r.SpansLost) + " spans lost"
}

func (p *printer) pauses(g calibrate.Pauses) string {
	if g.Count == 0 {
		return "no pause for garbage collection"
	}
	return some(g.Count, "pause", "pauses") + " for garbage collection, the longest " + p.pick("≤ ", "<= ") + p.took(inNanoseconds(g.Longest))
}
