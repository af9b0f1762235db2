package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// drawnSpans bounds a tree; the rest is summed up.
const drawnSpans = 60

// Tree draws the spans of one trace, with where in the trace each of them lies.
func Tree(w io.Writer, spans []Span, o Options) {
	if len(spans) == 0 {
		io.WriteString(w, "The trace has no spans.\n")
		return
	}
	roots := grow(spans)
	choose(roots, drawnSpans)
	t := &tree{Options: o, window: windowOf(roots[0], spans), services: map[string]ink{}}
	for _, r := range roots {
		if r.drawn {
			t.branch(r, "", "")
		}
	}
	t.omitted(roots, "")
	t.draw(w, roots[0])
}

// tree collects the rows before it draws them, since the widest label decides
// where the bars begin.
type tree struct {
	Options
	window
	rows     []row
	services map[string]ink
}

// row is a line of the tree: one with a bar, or words alone.
type row struct {
	rails, label string
	color        ink
	name         string // after the label, without its colour
	words        bool
	from, to     time.Time
	thin         bool // drawn as a phase
	unknown      bool // it has no times to show
}

// window is the time that the bars span.
type window struct{ from, to time.Time }

// windowOf is the time of the main span and its lag, and of other spans unless
// they are so far away that only a clock can be the reason.
func windowOf(main *node, spans []Span) window {
	w := window{main.Start.Add(-main.seconds(attr.ScheduleLag)), main.Start.Add(main.duration())}
	near := window{w.from.Add(-w.length()), w.to.Add(w.length())}
	for i := range spans {
		s := &spans[i]
		if s.Implausible {
			continue
		}
		if s.Start.Before(w.from) && !s.Start.Before(near.from) {
			w.from = s.Start
		}
		if s.End.After(w.to) && !s.End.After(near.to) {
			w.to = s.End
		}
	}
	return w
}

func (w window) length() time.Duration { return w.to.Sub(w.from) }

// at is where a time lies, from 0 to 1.
func (w window) at(t time.Time) float64 {
	if w.length() <= 0 {
		return 0
	}
	return min(max(float64(t.Sub(w.from))/float64(w.length()), 0), 1)
}

// durationWidth is that of the column after the bars.
const durationWidth = 9

// draw writes the headline, a ruler and the rows.
func (t *tree) draw(w io.Writer, main *node) {
	labels := 0
	for _, r := range t.rows {
		if !r.words {
			labels = max(labels, width(r.rails)+width(r.label)+width(r.name))
		}
	}
	labels = min(labels, (t.width()-durationWidth)/2)
	bar := t.width() - labels - 3 - durationWidth
	var b strings.Builder
	line := func(s string) {
		b.WriteString(strings.TrimRight(t.cut(s, t.width()), " "))
		b.WriteByte('\n')
	}
	line(t.headline(main))
	line("")
	end := t.took(t.length())
	line(t.paint(dim, spaces(labels+2)+"0"+right(end, bar-1)))
	for _, r := range t.rows {
		line(t.row(r, labels, bar))
	}
	io.WriteString(w, b.String())
}

func (t *tree) headline(main *node) string {
	what := t.clean(main.Name)
	if address := main.attribute(attr.URLFull); address != "" {
		what = t.clean(main.attribute(attr.HTTPRequestMethod) + " " + path(address, true))
	}
	head := "trace " + t.paint(bold, t.clean(main.Trace))
	if status := t.clean(main.status()); status != "" {
		what += "  " + status
	}
	took := t.paint(bold, t.took(main.duration()+main.seconds(attr.ScheduleLag)))
	return head + "  " + t.cutMiddle(what, max(t.width()-width(head)-width(took)-4, 8)) + "  " + took
}

func (t *tree) row(r row, labels, bar int) string {
	rails := t.paint(dim, t.rail(r.rails, labels*3/5))
	took := t.took(max(r.to.Sub(r.from), 0))
	if r.words {
		return rails + t.paint(r.color, r.label)
	}
	label := t.cut(rails+t.paint(r.color, r.label)+r.name, labels)
	from, to := t.at(r.from), t.at(r.to)
	drawn := t.interval(from, to, bar, r.thin)
	color := r.color
	if r.thin {
		color = dim
	}
	if r.unknown {
		drawn, took = spaces(bar), "?"
	}
	edge, end := t.paint(dim, t.pick("▕", "|")), t.paint(dim, t.pick("▏", "|"))
	return left(label, labels) + " " + edge + t.paint(color, drawn) + end + right(took, durationWidth)
}

// rail keeps the rails of a deep span from taking the room of its name.
func (t *tree) rail(s string, n int) string {
	if width(s) <= n {
		return s
	}
	return t.ellipsis() + columns.TruncateLeft(s, width(s)-n+width(t.ellipsis()), "")
}

// omitted reports the spans that are not drawn.
func (t *tree) omitted(nodes []*node, rails string) {
	u := omitted(nodes)
	if u.spans == 0 {
		return
	}
	words := fmt.Sprintf("%s %s, the longest %s", t.ellipsis(), some(uint64(u.spans), "more span", "more spans"), t.took(u.longest))
	if u.named > 1 {
		words += fmt.Sprintf(", %d of them %s", u.named, t.clean(u.name))
	}
	t.say(rails, dim, words)
}

// say adds a row of words.
func (t *tree) say(rails string, i ink, words string) {
	t.rows = append(t.rows, row{rails: rails, label: words, color: i, words: true})
}
