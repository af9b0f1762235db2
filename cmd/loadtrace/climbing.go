package main

import (
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/term"
)

// climbing shows how far a ladder is: in place on a terminal, or else as a line
// after each run.
type climbing struct {
	c       *climb
	options term.Options
	display *term.Display // nil where there is no terminal
	state   term.Climbing
	began   time.Time
}

func newClimbing(c *climb, rungs int) *climbing {
	s := &climbing{c: c, options: c.screen.options(c.stderr), began: time.Now()}
	s.state = term.Climbing{Rounds: c.rounds, Runs: rungs * c.rounds}
	if s.options.Terminal && !c.quiet {
		s.display = term.NewDisplay(c.stderr)
	}
	return s
}

func (s *climbing) begin(round int, name string) {
	s.state.Round, s.state.Name = round+1, name
	if s.display != nil {
		s.state.Elapsed = time.Since(s.began)
		s.display.Show(term.Climb(s.state, s.options), s.options.Width)
	}
}

func (s *climbing) end(sample ladder.Sample) {
	s.state.Done++
	s.state.Last, s.state.Rate = s.state.Name, sample.Rate
	if s.display == nil && !s.c.quiet {
		s.state.Elapsed = time.Since(s.began)
		fmt.Fprintln(s.c.stderr, term.ClimbLine(s.state, s.options))
	}
}

func (s *climbing) close() {
	if s.display != nil {
		s.display.Close(s.options.Width)
	}
}
