package terminal

import (
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// distrust is a box that nobody overlooks: why the figures are not to be trusted, what
// to do about it, and what used the machine.
func (p *printer) distrust(s *summary.Summary) {
	reasons := untrustworthy(s)
	if len(reasons) == 0 {
		return
	}
	p.gap()
	p.line(p.paint(alarm, p.pick("┏", "!!")+strings.Repeat(p.pick("━", "!"), p.width()-2)))
	p.line(p.paint(alarm, p.edge()+" DO NOT TRUST THESE FIGURES"))
	p.boxed("", p.pick("• ", "* "), reasons)
	p.boxed("what to do", p.pick("→ ", "-> "), s.Verdict.Advice)
	if s.Usage != nil {
		p.boxed("what used the machine during the run, in processors", "", s.Usage.Words())
	}
	p.line(p.paint(alarm, p.pick("┗", "!!")+strings.Repeat(p.pick("━", "!"), p.width()-2)))
}

func (p *printer) edge() string { return p.pick("┃", "!!") }

// boxed draws sentences in the box, each behind a bullet, or words after each other if
// there is none.
func (p *printer) boxed(title, bullet string, sentences []string) {
	if len(sentences) == 0 {
		return
	}
	edge := p.paint(alarm, p.edge()) + " "
	if title != "" {
		p.line(p.paint(alarm, p.edge()))
		p.line(edge + p.paint(bold, title))
	}
	if bullet == "" {
		cleaned := make([]string, len(sentences))
		for i, s := range sentences {
			cleaned[i] = p.clean(s)
		}
		for _, l := range join(cleaned, p.dot(), p.width()-width(edge)-2) {
			p.line(edge + "  " + l)
		}
		return
	}
	for _, s := range sentences {
		for i, l := range wrap(p.clean(s), p.width()-width(edge)-width(bullet)-1) {
			if i > 0 {
				l = spaces(width(bullet)) + l
			} else {
				l = bullet + l
			}
			p.line(edge + l)
		}
	}
}

// untrustworthy is why the figures are not to be trusted.
func untrustworthy(s *summary.Summary) []string {
	if s.Verdict.Verdict == "" || s.Verdict.Trusted {
		return s.Faults
	}
	return s.Verdict.Reasons
}
