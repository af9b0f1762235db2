package vitals

import (
	"time"

	"golang.org/x/sys/unix"
)

// timeError is adjtimex's result for a clock that is not synchronised.
const timeError = 5

// ReadClock asks the kernel (adjtimex(2), which needs no privilege to read).
func ReadClock() Clock {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return Clock{}
	}
	synchronised := state != timeError && t.Status&unix.STA_UNSYNC == 0
	if !synchronised {
		return Clock{Synchronised: &synchronised}
	}
	bound := (time.Duration(t.Maxerror) * time.Microsecond).Seconds()
	return Clock{Synchronised: &synchronised, MaxError: &bound}
}
