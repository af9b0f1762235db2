package terminal

import (
	"fmt"
	"io"
	"strings"
)

// Display is an area of the terminal that is drawn again in place. It keeps to
// the lines it has written, below whatever was there, and leaves none behind. It
// hides no cursor and changes no mode, so there is nothing to restore if the
// process dies.
type Display struct {
	w     io.Writer
	lines []string // on the screen
}

// NewDisplay makes a display that writes to a terminal. Nothing else may write
// there between Show and Close.
func NewDisplay(w io.Writer) *Display { return &Display{w: w} }

// Show replaces the area's text. columns is the terminal's width now.
func (d *Display) Show(text string, columns int) {
	var b strings.Builder
	d.home(&b, columns)
	d.lines = strings.Split(text, "\n")
	for i, l := range d.lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(l)
		b.WriteString("\x1b[K") // erase what is left of the line
	}
	b.WriteString("\x1b[J") // and of the area
	io.WriteString(d.w, b.String())
}

// Close erases the area and leaves the cursor where it began.
func (d *Display) Close(columns int) {
	if d.lines == nil {
		return
	}
	var b strings.Builder
	d.home(&b, columns)
	b.WriteString("\x1b[J")
	io.WriteString(d.w, b.String())
	d.lines = nil
}

// home moves the cursor to the beginning of the area. A terminal that has become
// narrower than what was drawn has wrapped it, so lines are counted as they are
// now.
func (d *Display) home(b *strings.Builder, columns int) {
	up := -1
	for _, l := range d.lines {
		up += 1 + max(width(l)-1, 0)/max(columns, 1)
	}
	if up > 0 {
		fmt.Fprintf(b, "\x1b[%dA", up)
	}
	if up >= 0 {
		b.WriteByte('\r')
	}
}
