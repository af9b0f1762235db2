package terminal

import (
	"io"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// Archived draws what there is to say of an archive beside the summary of its run: what it
// lacks.
func Archived(w io.Writer, info *archive.Info, o Options) {
	p := &printer{Options: o}
	if !info.Complete {
		p.gap()
		p.line(p.paint(yellow, "the archive is incomplete"))
		for _, why := range info.Incomplete {
			p.bulleted("  ", why)
		}
	}
	io.WriteString(w, p.text.String())
}

// Unfinished draws what is known of a run that has no result.
func Unfinished(w io.Writer, info *archive.Info, o Options) {
	p := &printer{Options: o}
	p.line(p.paint(yellow, "?") + " " + p.paint(bold, p.clean(info.Name)) + " has no result" + p.dot() + p.paint(dim, "run "+p.clean(info.RunID)))
	p.line("  began " + info.Began.Local().Format("2006-01-02 15:04:05"))
	for i := range info.Attacks {
		p.line("  attack " + p.clean(info.Attacks[i].Name) + " (" + p.clean(info.Attacks[i].Protocol) + ")")
	}
	io.WriteString(w, p.text.String())
	Archived(w, info, o)
}
