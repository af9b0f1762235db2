package terminal

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/ladder"
)

// Ladder draws what each step of a ladder gained.
func Ladder(w io.Writer, r *ladder.Result, o Options) error {
	p := &printer{Options: o}
	p.ladderHead(r)
	p.gap()
	p.variants(r.Variants)
	p.gap()
	p.fixes(r.Variants)
	p.gap()
	p.ladderNotes(r)
	p.gap()
	_, err := io.WriteString(w, p.text.String())
	return err
}

func (p *printer) ladderHead(r *ladder.Result) {
	size := some(uint64(r.Rounds), "round", "rounds") + p.dot() + some(uint64(r.Runs), "run", "runs")
	mark, color := p.pick("✔", "ok"), green
	if len(r.Undecided) > 0 {
		mark, color = "?", yellow
	}
	what := "from none to all: "
	if first, last := r.Variants[0].Name, r.Variants[len(r.Variants)-1].Name; first != "none" {
		what = "from " + p.clean(first) + " to " + p.clean(last) + ": "
	}
	if r.Whole != nil {
		what += times(r.Whole.Ratio, p.Options)
	} else {
		what += "undecided"
	}
	head := p.paint(color, mark) + " " + p.paint(bold, what)
	if r.Whole != nil {
		head += "  " + p.span(*r.Whole)
		if len(r.Undecided) > 0 && r.Whole.Finding() != ladder.Undecided {
			head += ", " + p.paint(yellow, "undecided")
		}
	}
	p.line(head + spaces(p.width()-width(head)-width(size)) + size)
	for _, why := range r.Undecided {
		p.under(yellow, why)
	}
}

// Columns of a variant. The bar gets what a wide page has more, within reason.
const (
	nameColumn      = 11
	rateColumn      = 9
	gainColumn      = 8
	intervalColumn  = 15
	timeColumn      = 8
	goroutineColumn = 11
	barColumns      = 8
	maxBar          = 40
)

func (p *printer) variants(variants []ladder.Variant) {
	bar := min(max(barColumns+p.width()-defaultWidth, barColumns), maxBar)
	p.line(p.paint(dim, spaces(2+nameColumn+bar)+right("requests", rateColumn)+right("gain", gainColumn)+
		right("interval", intervalColumn)+right("p50", timeColumn)+right("p99", timeColumn)+right("goroutines", goroutineColumn)))
	most := 0.0
	for _, g := range variants {
		most = max(most, g.Rate)
	}
	for i, g := range variants {
		s := right(strconv.Itoa(i), 1) + " " + left(p.cut(p.clean(g.Name), nameColumn-1), nameColumn)
		if i == 0 {
			s = "  " + left(p.clean(g.Name), nameColumn)
		}
		s += p.ranked(&g, most, bar) + p.gain(g.Gain)
		s += right(p.timed(&g, g.P50), timeColumn) + right(p.timed(&g, g.P99), timeColumn)
		p.line(s + right(count(uint64(g.Goroutines)), goroutineColumn))
	}
}

// ranked is the rate of a variant beside the others, if it has one.
func (p *printer) ranked(g *ladder.Variant, most float64, bar int) string {
	if g.Rate == 0 {
		return spaces(bar) + p.paint(yellow, right("no rate", rateColumn))
	}
	return p.paint(cyan, p.bar(g.Rate/most, bar)) + p.paint(bold, right(rate(g.Rate), rateColumn))
}

func (p *printer) timed(g *ladder.Variant, seconds float64) string {
	if g.Rate == 0 {
		return "-"
	}
	return p.took(inNanoseconds(seconds))
}

// gain is faint where none is shown.
func (p *printer) gain(g *ladder.Gain) string {
	if g == nil {
		return spaces(gainColumn + intervalColumn)
	}
	i := dim
	switch g.Finding() {
	case ladder.Gained:
		i = green
	case ladder.Lost:
		i = red
	}
	return p.paint(i, right(times(g.Ratio, p.Options), gainColumn)) + right(p.span(*g), intervalColumn)
}

// times writes a factor.
func times(f float64, o Options) string { return digits(f) + o.pick("×", "x") }

// span is the interval of a gain, if it says anything.
func (o Options) span(g ladder.Gain) string {
	if g.Finding() == ladder.Undecided {
		return o.paint(yellow, "undecided")
	}
	return digits(g.Low) + o.pick(" … ", " .. ") + digits(g.High)
}

func (p *printer) fixes(variants []ladder.Variant) {
	for i, g := range variants {
		if g.Mistake == "" {
			continue
		}
		p.line(strconv.Itoa(i) + " " + p.paint(dim, p.clean(g.Mistake)))
		p.line("  " + p.pick("→ ", "-> ") + p.clean(g.Fix))
	}
}

func (p *printer) ladderNotes(r *ladder.Result) {
	failed := 0
	for _, g := range r.Variants {
		if g.Errors > 0 {
			failed++
			p.line(p.paint(yellow, p.pick("⚠ ", "! ")+p.clean(g.Name)+": "+count(g.Errors)+" of "+some(g.Sent, "request", "requests")+" failed"))
		}
	}
	if failed == 0 {
		p.line(p.paint(dim, "no request failed"+p.dot()+"goroutines are the service's, at their peak"))
	}
	for _, d := range r.Doubts {
		text := count(uint64(d.Runs)) + " of " + some(uint64(r.Runs), "run", "runs") + ": " + p.clean(d.Reason)
		for i, l := range wrap(text, p.width()-2) {
			mark := p.paint(yellow, p.pick("⚠ ", "! "))
			if i > 0 {
				mark = "  "
			}
			p.line(mark + l)
		}
	}
	p.found(r.Variants, ladder.Unchanged, "no change shown under this load: ")
	p.found(r.Variants, ladder.Undecided, "undecided: ")
	if words := confidence(r); words != "" {
		p.line(p.paint(dim, words))
	}
}

// confidence is that of the intervals that are shown. What decides nothing claims none.
func confidence(r *ladder.Result) string {
	shown := 0
	count := func(g *ladder.Gain) {
		if g != nil && g.Finding() != ladder.Undecided {
			shown++
		}
	}
	for i := range r.Variants {
		count(r.Variants[i].Gain)
	}
	if len(r.Variants) > 2 { // else it is that of the only step
		count(r.Whole)
	}
	switch {
	case shown == 0 || len(r.Undecided) > 0:
		return ""
	case r.Claims == 1:
		return "the interval has 95 % confidence"
	case shown == r.Claims:
		return "all " + strconv.Itoa(shown) + " intervals hold at once with 95 % confidence (Bonferroni)"
	}
	return "the intervals that are shown hold at once with 95 % confidence (Bonferroni, over " + strconv.Itoa(r.Claims) + ")"
}

// found names the steps of a finding.
func (p *printer) found(variants []ladder.Variant, what ladder.Finding, words string) {
	var names []string
	for _, g := range variants {
		if g.Gain != nil && g.Gain.Finding() == what {
			names = append(names, p.clean(g.Name))
		}
	}
	if len(names) == 0 {
		return
	}
	for _, l := range wrap(words+strings.Join(names, ", "), p.width()) {
		p.line(p.paint(dim, l))
	}
}

// LadderProgress is how far a ladder is.
type LadderProgress struct {
	Round, Rounds int
	Done, Runs    int
	Name          string // of the variant that is measured
	Last          string // the one before, if any, and its rate
	Rate          float64
	Elapsed       time.Duration
}

// LadderBar is progress as lines for a terminal. It has no line end at its end.
func LadderBar(c LadderProgress, o Options) string {
	n := o.width() - 1
	head := "round " + strconv.Itoa(c.Round) + " of " + strconv.Itoa(c.Rounds) + o.dot() + o.clean(c.Name)
	left := o.long(c.Elapsed)
	if c.Done > 0 {
		left += " of about " + o.long(c.Elapsed/time.Duration(c.Done)*time.Duration(c.Runs))
	}
	lines := []string{head + spaces(n-width(head)-width(left)) + left}
	room := max(n-2, 8)
	lines = append(lines, o.paint(dim, o.pick("▕", "|"))+o.paint(cyan, o.bar(float64(c.Done)/float64(c.Runs), room))+o.paint(dim, o.pick("▏", "|")))
	if c.Last != "" {
		lines = append(lines, o.paint(dim, "last: "+o.clean(c.Last)+", "+c.rate()))
	}
	for i, l := range lines {
		lines[i] = o.cut(l, n)
	}
	return strings.Join(lines, "\n")
}

// LadderLine is what a run has shown as one line of plain words, without its end.
func LadderLine(c LadderProgress, o Options) string {
	return "run " + strconv.Itoa(c.Done) + " of " + strconv.Itoa(c.Runs) + o.dot() + "round " + strconv.Itoa(c.Round) + o.dot() +
		o.clean(c.Last) + ": " + c.rate()
}

// rate of the run before.
func (c LadderProgress) rate() string {
	if c.Rate == 0 {
		return "no rate"
	}
	return rate(c.Rate)
}
