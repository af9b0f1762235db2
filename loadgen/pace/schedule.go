package pace

import "time"

// Schedule is ...
type Schedule struct{}

// New checks stages and builds ... Faults are *KeyError, joined.
func New(stages []Stage) (*Schedule, error) { panic("unwritten") }

// Planned ...
func (s *Schedule) Planned() (n uint64, exact bool) { panic("unwritten") }

// Duration ...
func (s *Schedule) Duration() (d time.Duration, exact bool) { panic("unwritten") }
