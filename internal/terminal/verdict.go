package terminal

import (
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// thresholds is the table of what the plan wanted and what was measured.
func (p *printer) thresholds(results []verdict.Result) {
	if len(results) == 0 {
		return
	}
	const limit, value, first, most = 12, 11, 13, 100 // wider than that, the eye loses the line
	name := min(p.width(), most) - limit - value - first
	p.gap()
	p.line(p.paint(bold, left("thresholds", name)) + p.paint(dim, right("limit", limit)+right("value", value)+right("first breach", first)))
	for i := range results {
		r := &results[i]
		mark, color := p.outcome(r.Outcome)
		names := p.names(r, name-6)
		s := "  " + p.paint(color, mark) + " " + left(p.cut(names[0], name-6), name-width(mark)-3)
		s += right(p.plain(r.Allowed()), limit) + p.paint(color, right(p.plain(r.Measured()), value))
		if r.Outcome == verdict.Breached && r.FirstBreach != nil {
			s += right(p.at(r), first)
		}
		p.line(s)
		for _, more := range names[1:] {
			p.line(spaces(width(mark)+3) + more)
		}
	}
}

// names are the lines of what a threshold is about. They are whole: two may differ in
// their last word alone.
func (p *printer) names(r *verdict.Result, n int) (lines []string) {
	parts := []string{p.clean(r.Figure)}
	if r.Where != "" {
		parts = append(parts, p.clean(r.Where))
	}
	for _, l := range join(parts, p.dot(), n) {
		lines = append(lines, wrap(l, n)...)
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// at is when a threshold was first breached, since the run began.
func (p *printer) at(r *verdict.Result) string {
	at := p.seconds(summary.Seconds(*r.FirstBreach))
	if r.Aborted {
		return at + ", end"
	}
	return at
}

// plain writes an amount with the characters that may be used.
func (p *printer) plain(amount string) string {
	if p.ASCII {
		amount = strings.NewReplacer("≤", "<=", "≥", ">=", "µ", "u").Replace(amount)
	}
	return p.clean(amount)
}

func (p *printer) outcome(o verdict.Outcome) (mark string, color ink) {
	switch o {
	case verdict.Passed:
		return p.pick("✔", "ok"), green
	case verdict.Breached:
		return p.pick("✘", "!!"), alarm
	default:
		return "?", yellow
	}
}

// verdict is the last word on a run.
func (p *printer) verdict(s *summary.Summary) {
	r := &s.Verdict
	if r.Verdict == "" {
		return
	}
	p.gap()
	color := map[verdict.Verdict]ink{verdict.Fail: alarm, verdict.Undecided: yellow}[r.Verdict]
	if color == "" {
		color = green
	}
	head := p.paint(bold, "verdict") + "  "
	if r.Verdict != verdict.Sound {
		head += p.paint(color, p.clean(string(r.Verdict))) + p.dot()
	}
	indent := spaces(9)
	for i, l := range wrap(p.clean(s.VerdictWords()), p.width()-width(head)) {
		if i > 0 {
			l = spaces(width(head)) + l
		} else {
			l = head + l
		}
		p.line(l)
	}
	if r.Trusted { // else they are in the box above
		for _, reason := range r.Reasons {
			p.bulleted(indent, reason)
		}
	}
	if advice, lines := s.ErrorThreshold(); len(lines) > 0 {
		for _, l := range wrap(p.clean(advice), p.width()-len(indent)) {
			p.line(indent + l)
		}
		for _, l := range lines {
			p.whole(indent + "  " + p.paint(bold, p.clean(l)))
		}
	}
	if len(r.Unknown) > 0 {
		for _, l := range wrap(p.clean("not known: "+strings.Join(r.Unknown, ", ")), p.width()-len(indent)) {
			p.line(indent + p.paint(dim, l))
		}
	}
}

func (p *printer) bulleted(indent, text string) {
	for i, l := range wrap(p.clean(text), p.width()-width(indent)-2) {
		bullet := "  "
		if i == 0 {
			bullet = p.pick("• ", "* ")
		}
		p.line(indent + bullet + l)
	}
}
