package pace

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// alarm is a sleep that ends when it should. It is a timerfd: its end wakes the
// runtime's poller, which otherwise waits in whole milliseconds, and until then
// the goroutine is parked. (A nanosleep is as precise, but keeps its processor
// from other goroutines until the runtime's monitor notices, which takes up to
// ten milliseconds: on one processor that stalls the attack.)
type alarm struct {
	file  *os.File
	fd    uintptr
	count [8]byte // of expirations, which is what a read gives
}

// Of Linux's timerfd_create(2).
const (
	clockMonotonic = 1
	tfdNonblock    = syscall.O_NONBLOCK
	tfdCloexec     = syscall.O_CLOEXEC
)

// newAlarm is nil when the process has no file descriptor left.
func newAlarm() *alarm {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, tfdNonblock|tfdCloexec, 0)
	if errno != 0 {
		return nil
	}
	return &alarm{file: os.NewFile(fd, "timerfd"), fd: fd}
}

// sleep for d; it may return early.
func (a *alarm) sleep(d time.Duration) {
	var spec struct{ interval, value syscall.Timespec }
	spec.value = syscall.NsecToTimespec(max(1, int64(d)))
	_, _, errno := syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, a.fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		time.Sleep(d)
		return
	}
	_, _ = a.file.Read(a.count[:]) // fails only when closed; the caller looks at the clock
}

func (a *alarm) close() { _ = a.file.Close() }
