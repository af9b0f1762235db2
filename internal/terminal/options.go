package terminal

// Options configure how to draw.
type Options struct {
	Width int  // columns; 0 is 80
	Color bool // use ANSI colours
	ASCII bool // use no character beyond ASCII
	// Terminal: Run redraws in place. Otherwise it writes a line now and then.
	Terminal bool
	// WidthFunc, if set, is asked for the width before each frame of Run.
	WidthFunc func() int
}

const (
	defaultWidth = 80
	minWidth     = 40  // narrower terminals wrap
	maxWidth     = 160 // beyond, the eye loses the line
)

func (o Options) width() int {
	w := o.Width
	if w <= 0 {
		w = defaultWidth
	}
	return min(max(w, minWidth), maxWidth)
}

// columns of the terminal, however narrow or wide.
func (o Options) columns() int {
	if o.Width <= 0 {
		return defaultWidth
	}
	return o.Width
}

// now is the options with the width of this moment.
func (o Options) now() Options {
	if o.WidthFunc != nil {
		o.Width = o.WidthFunc()
	}
	return o
}

// ink is a way of writing: an ANSI "select graphic rendition" parameter.
type ink string

const (
	bold    ink = "1"
	dim     ink = "2"
	red     ink = "31"
	green   ink = "32"
	yellow  ink = "33"
	blue    ink = "34"
	magenta ink = "35"
	cyan    ink = "36"
	alarm   ink = "1;31"
)

// paint writes s in an ink, if colour is wanted.
func (o Options) paint(i ink, s string) string {
	if !o.Color || s == "" || i == "" {
		return s
	}
	return "\x1b[" + string(i) + "m" + s + "\x1b[0m"
}

// pick is the first, or the second where only ASCII may be used.
func (o Options) pick(unicode, ascii string) string {
	if o.ASCII {
		return ascii
	}
	return unicode
}

func (o Options) dot() string      { return o.pick(" · ", " | ") }
func (o Options) by() string       { return o.pick("×", "x") }
func (o Options) ellipsis() string { return o.pick("…", "...") }
