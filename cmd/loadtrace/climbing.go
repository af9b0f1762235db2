package main

import (
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/internal/terminal"
)

// climbing shows how far a ladder is: in place on a terminal, or else as a line
// after each run.
type climbing struct {
	c       *climber
	options terminal.Options
	display *terminal.Display // nil where there is no terminal
	state   terminal.Climbing
	began   time.Time
}

func newClimbing(c *climber, rungs int) *climbing {
	s := &climbing{c: c, options: c.screen.options(c.stderr), began: time.Now()}
	s.state = terminal.Climbing{Rounds: c.rounds, Runs: rungs * c.rounds}
	if s.options.Terminal && !c.quiet {
		s.display = terminal.NewDisplay(c.stderr)
	}
	return s
}

func (s *climbing) begin(round int, name string) {
	s.state.Round, s.state.Name = round+1, name
	if s.display != nil {
		s.state.Elapsed = time.Since(s.began)
		s.display.Show(terminal.Climb(s.state, s.options), s.options.Width)
	}
}

func (s *climbing) end(sample ladder.Sample) {
	s.state.Done++
	s.state.Last, s.state.Rate = s.state.Name, sample.Rate
	if s.display == nil && !s.c.quiet {
		s.state.Elapsed = time.Since(s.began)
		fmt.Fprintln(s.c.stderr, terminal.ClimbLine(s.state, s.options))
	}
}

func (s *climbing) close() {
	if s.display != nil {
		s.display.Close(s.options.Width)
	}
}
