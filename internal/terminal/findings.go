package terminal

import (
	"fmt"
	"io"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// mostNamed bounds the findings that a summary names; explain has them all.
const mostNamed = 3

// findings names the causes below the verdict, the first in full. A generator in trouble is
// not among them: distrust has said so, in the same words.
func (p *printer) findings(s *summary.Summary) {
	found := slices.DeleteFunc(slices.Clone(s.Findings), func(f summary.Finding) bool { return f.Kind == summary.FindingGenerator })
	if len(found) == 0 {
		return
	}
	p.gap()
	for i := range found[:min(len(found), mostNamed)] {
		f := &found[i]
		p.named(f)
		if i == 0 {
			for j := range f.Evidence[:min(len(f.Evidence), 2)] {
				p.bulleted(spaces(9), f.Evidence[j].Text)
			}
			p.arrow(f.Try)
		}
	}
	more := "loadtrace explain shows what a finding rests on, and what would refute it"
	if n := len(found) - mostNamed; n > 0 {
		more = fmt.Sprintf("%d more; %s", n, more)
	}
	for _, l := range wrap(more, p.width()-9) {
		p.line(spaces(9) + p.paint(dim, l))
	}
}

// named is a finding's sentence, with how sure it is.
func (p *printer) named(f *summary.Finding) {
	head := p.paint(bold, "cause") + "    "
	sure := sureness(f)
	for i, l := range wrap(sure+": "+p.clean(f.Sentence), p.width()-9) {
		if i > 0 {
			head = spaces(9)
		}
		p.line(head + p.paint(yellow, l))
	}
}

// sureness is a confidence in words.
func sureness(f *summary.Finding) string {
	return fmt.Sprintf("%.0f %% sure", 100*min(max(f.Confidence, 0), 0.99))
}

// arrow is what to do first.
func (p *printer) arrow(try []string) {
	if len(try) == 0 {
		return
	}
	for i, l := range wrap(p.clean(try[0]), p.width()-11) {
		mark := p.pick("→ ", "> ")
		if i > 0 {
			mark = "  "
		}
		p.line(spaces(9) + mark + l)
	}
}

// Findings draws the causes that a run names, each with its evidence, what to try and
// what would refute it, and what could not be judged.
func Findings(w io.Writer, s *summary.Summary, o Options) {
	p := &printer{Options: o}
	p.line(p.paint(bold, p.clean(s.Plan)) + "  " + p.paint(dim, "run "+p.clean(s.RunID)))
	if len(s.Findings) == 0 {
		p.gap()
		p.line("No cause is named.")
	}
	for i := range s.Findings {
		p.gap()
		p.finding(&s.Findings[i])
	}
	if d := s.Diagnosis; d != nil {
		p.looked(d)
	}
	io.WriteString(w, p.text.String())
}

func (p *printer) finding(f *summary.Finding) {
	for i, l := range wrap(sureness(f)+": "+p.clean(f.Sentence), p.width()-2) {
		if i == 0 {
			l = p.paint(bold, l)
		}
		p.line(l)
	}
	p.line("  " + p.paint(dim, p.clean(string(f.Kind))+p.dot()+basisWords(f.Basis)))
	p.heading("evidence")
	for i := range f.Evidence {
		p.fact(&f.Evidence[i])
	}
	p.list("what to try", f.Try)
	p.list("what would refute it", f.Refute)
}

func basisWords(b summary.Basis) string {
	switch b {
	case summary.BasisDose:
		return "it grows with the requests"
	case summary.BasisMeasured:
		return "measured in the service"
	case summary.BasisAssociation:
		return "an association, which shows no cause"
	}
	return "its basis is not known"
}

func (p *printer) heading(title string) { p.line("  " + p.paint(bold, title)) }

func (p *printer) list(title string, sentences []string) {
	if len(sentences) == 0 {
		return
	}
	p.heading(title)
	for _, s := range sentences {
		p.bulleted("    ", s)
	}
}

func (p *printer) fact(e *summary.FindingEvidence) {
	p.bulleted("    ", e.Text+" ["+e.Source+"]")
	for _, id := range e.TraceIDs {
		p.line("        trace " + p.clean(id))
	}
	for _, frame := range e.Stack {
		p.line("        " + p.paint(dim, p.clean(frame)))
	}
}

func (p *printer) looked(d *summary.Diagnosis) {
	p.gap()
	p.list("not judged", d.Blind)
	if c := d.Profiles; c != nil {
		p.heading("profiles")
		p.bulleted("    ", fmt.Sprintf("%d answers of %s, %s in %s", c.Taken, c.URL, size(c.Bytes), p.seconds(c.Took)))
		for _, t := range c.Troubles {
			p.bulleted("    ", t)
		}
	}
}
