package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	xterm "golang.org/x/term"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/terminal"
)

// screen decides how output looks.
type screen struct {
	color string
}

// check refuses what --color does not know.
func (s screen) check() error {
	if !slices.Contains([]string{"auto", "always", "never"}, s.color) {
		return badinput.Error(fmt.Errorf("--color %q: write auto, always or never", s.color))
	}
	return nil
}

// options for what is written to w.
func (s screen) options(w io.Writer) terminal.Options {
	o := terminal.Options{Width: 80, Color: s.color == "always"}
	f, ok := w.(*os.File)
	if !ok || !xterm.IsTerminal(int(f.Fd())) {
		return o
	}
	o.Terminal = true
	o.Color = o.Color || s.color == "auto" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	o.WidthFunc = func() int {
		if width, _, err := xterm.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
		return 80
	}
	o.Width = o.WidthFunc()
	return o
}
