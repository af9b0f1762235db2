//go:build unix

package goruntime

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that the process has taken; ok is false where the
// system does not tell.
func cpuTime() (user, system time.Duration, ok bool) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0, false
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano()), true
}
