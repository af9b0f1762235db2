package main

import (
	"fmt"
	"io"
	"time"

	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/internal/terminal"
)

// ladderProgress shows how far a ladder is: in place on a terminal, or else as a line
// after each run.
type ladderProgress struct {
	w       io.Writer
	quiet   bool
	options terminal.Options
	display *terminal.Display // nil where there is no terminal
	state   terminal.LadderProgress
	began   time.Time
}

// newLadderProgress shows a ladder of some variants on w, or nothing if it is quiet.
func newLadderProgress(w io.Writer, options terminal.Options, quiet bool, rounds, variants int) *ladderProgress {
	s := &ladderProgress{w: w, quiet: quiet, options: options, began: time.Now()}
	s.state = terminal.LadderProgress{Rounds: rounds, Runs: variants * rounds}
	if s.options.Terminal && !quiet {
		s.display = terminal.NewDisplay(w)
	}
	return s
}

func (s *ladderProgress) begin(round int, name string) {
	s.state.Round, s.state.Name = round+1, name
	if s.display != nil {
		s.state.Elapsed = time.Since(s.began)
		s.display.Show(terminal.LadderBar(s.state, s.options), s.options.Width)
	}
}

func (s *ladderProgress) end(sample ladder.Sample) {
	s.state.Done++
	s.state.Last, s.state.Rate = s.state.Name, sample.Rate
	if s.display == nil && !s.quiet {
		s.state.Elapsed = time.Since(s.began)
		fmt.Fprintln(s.w, terminal.LadderLine(s.state, s.options))
	}
}

func (s *ladderProgress) close() {
	if s.display != nil {
		s.display.Close(s.options.Width)
	}
}
