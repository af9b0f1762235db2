package pace

import (
	"syscall"
	"time"
)

// preciseSleep sleeps in the kernel, whose timers have a granularity of some 50
// microseconds. It may return early, when a signal comes.
func preciseSleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // EINTR, after which the caller looks at the clock
}
