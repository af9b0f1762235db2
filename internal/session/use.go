package session

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// use is what processes use of this machine during a run.
type use struct {
	before vitals.Census
	during *vitals.Usage // nil until it is measured
}

func newUse() *use { return &use{before: vitals.System().Census(time.Now())} }

// measure notes, once, what was used until now.
func (u *use) measure() {
	if u != nil && u.during == nil {
		u.during = vitals.Used(u.before, vitals.System().Census(time.Now()))
	}
}
