package pace

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm is a sleep that ends when it should. It is a timerfd: its end wakes the
// runtime's poller, which otherwise waits in whole milliseconds, and until then
// the goroutine is parked. (A nanosleep is as precise, but keeps its processor
// from other goroutines until the runtime's monitor notices, which takes up to
// ten milliseconds: on one processor that stalls the attack.)
type alarm struct {
	file  *os.File
	fd    int
	count [8]byte // of expirations, which is what a read gives
}

// newAlarm is nil when the process has no file descriptor left.
func newAlarm() *alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	return &alarm{file: os.NewFile(uintptr(fd), "timerfd"), fd: fd}
}

// sleep for d; it may return early.
func (a *alarm) sleep(d time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, int64(d)))}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		time.Sleep(d)
		return
	}
	_, _ = a.file.Read(a.count[:]) // fails only when closed; the caller looks at the clock
}

func (a *alarm) close() { _ = a.file.Close() }
