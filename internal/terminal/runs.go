package terminal

import (
	"io"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/catalog"
)

// Runs draws a list of archived runs, which are in the folder root.
func Runs(w io.Writer, lines []catalog.Line, root string, o Options) {
	p := &printer{Options: o}
	defer func() { io.WriteString(w, p.text.String()) }()
	if len(lines) == 0 {
		p.whole("no run is archived in " + p.clean(root))
		return
	}
	id := catalog.Short(lines)
	plan := max(8, min(40, p.width()-id-2-18-2-10-10-9-9))
	p.line(p.paint(dim, left("run", id+2)+left("began", 18)+left("plan", plan+2)+left("verdict", 10)+right("requests", 10)+right("p99", 9)+right("size", 9)))
	var all int64
	for i := range lines {
		l := &lines[i]
		all += l.Size
		word, color := p.state(l)
		name := l.Plan
		if l.Shard != "" {
			name += " " + l.Shard
		}
		p.line(left(shortID(p.clean(l.RunID), id), id+2) + left(l.Began.Local().Format("2006-01-02 15:04"), 18) + left(p.cut(p.clean(name), plan), plan+2) +
			p.paint(color, left(word, 10)) + right(p.rows(l), 10) + right(p.p99(l), 9) + right(size(l.Size), 9))
	}
	p.gap()
	p.line(some(uint64(len(lines)), "run", "runs") + p.dot() + size(all) + p.dot() + p.cutMiddle(p.clean(root), p.width()-30))
	p.unreadable(lines)
}

func shortID(id string, n int) string {
	if id == "" {
		return "?"
	}
	return id[:min(len(id), n)]
}

// state is what became of a run, in a word.
func (p *printer) state(l *catalog.Line) (string, ink) {
	switch {
	case l.Error != "":
		return "unreadable", alarm
	case l.UnderWay:
		return "under way", cyan
	case l.Imported != "":
		return "imported", ""
	case l.Verdict == verdict.Pass || l.Verdict == verdict.Sound:
		return string(l.Verdict), green
	case l.Verdict == verdict.Fail:
		return string(l.Verdict), alarm
	case l.Verdict != "":
		return p.clean(string(l.Verdict)), yellow
	}
	return "incomplete", yellow
}

func (p *printer) rows(l *catalog.Line) string {
	if l.Error != "" || l.Requests == 0 && !l.Complete {
		return "-"
	}
	return count(uint64(max(l.Requests, 0)))
}

func (p *printer) p99(l *catalog.Line) string {
	if l.P99 == nil {
		return "-"
	}
	return p.seconds(*l.P99)
}

// unreadable says what is wrong with the archives that cannot be read.
func (p *printer) unreadable(lines []catalog.Line) {
	for i := range lines {
		if lines[i].Error != "" {
			p.gap()
			for _, l := range wrap(p.clean(lines[i].Error), p.width()) {
				p.line(l)
			}
		}
	}
}

// Removed draws which runs were removed, or would be.
func Removed(w io.Writer, lines []catalog.Line, dry bool, o Options) {
	p := &printer{Options: o}
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	var all int64
	for i := range lines {
		l := &lines[i]
		all += l.Size
		p.line(verb + " " + p.clean(l.RunID) + p.dot() + l.Began.Local().Format("2006-01-02 15:04") + p.dot() + size(l.Size) + p.dot() + p.clean(l.Plan))
	}
	p.line(verb + " " + some(uint64(len(lines)), "run", "runs") + ", " + size(all))
	io.WriteString(w, p.text.String())
}

// table draws rows below their headings, within the width where that is possible: texts are
// cut, the longest first. numbers says which columns are at the right.
func (p *printer) table(heads []string, numbers []bool, rows [][]string) {
	widths := make([]int, len(heads))
	for i, h := range heads {
		widths[i] = width(h)
		for _, row := range rows {
			widths[i] = max(widths[i], width(row[i]))
		}
	}
	p.fit(widths, heads, numbers)
	draw := func(cells []string, i ink) {
		var parts []string
		for c, cell := range cells {
			cell = p.cutMiddle(cell, widths[c])
			if numbers[c] {
				parts = append(parts, right(cell, widths[c]))
			} else {
				parts = append(parts, left(cell, widths[c]))
			}
		}
		p.whole(p.paint(i, strings.TrimRight(strings.Join(parts, "  "), " ")))
	}
	draw(heads, dim)
	for _, row := range rows {
		draw(row, "")
	}
}

// fit narrows columns of texts until the table fits, or none is wider than its heading and
// twelve columns.
func (p *printer) fit(widths []int, heads []string, numbers []bool) {
	for {
		total, widest := 2*(len(widths)-1), -1
		for i, w := range widths {
			total += w
			if !numbers[i] && w > max(width(heads[i]), 12) && w != 32 && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if total <= p.width() || widest < 0 {
			return
		}
		widths[widest]--
	}
}

// ungrouped is a whole number as it is, without its thousands apart: it may be a port or a
// status.
func ungrouped(n int64) string { return strconv.FormatInt(n, 10) }
