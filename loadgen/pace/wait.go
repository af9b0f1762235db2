package pace

import "time"

// fine is how long before its end a wait is finished with a precise sleep. The
// runtime's timers may fire a millisecond late on an idle Linux process, since it
// then waits in epoll, which counts in milliseconds.
const fine = 1200 * time.Microsecond

// waiter waits for moments, one at a time.
type waiter struct {
	done  <-chan struct{} // ends every wait
	timer *time.Timer
	sleep func(time.Duration) // nil until the first precise sleep, unless given
	alarm *alarm              // of sleep, if it is ours
}

func newWaiter(done <-chan struct{}, sleep func(time.Duration)) *waiter {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &waiter{done: done, timer: timer, sleep: sleep}
}

// until waits for t and returns how late it is then. It is not ok when done was
// closed first; within the last stretch, done is seen only at the end.
func (w *waiter) until(t time.Time) (behind time.Duration, ok bool) {
	for !w.cancelled() {
		d := time.Until(t)
		if d <= 0 {
			return -d, true
		}
		if d <= fine {
			w.finish(t, d)
			continue
		}
		w.timer.Reset(d - fine)
		select {
		case <-w.timer.C:
		case <-w.done:
		}
	}
	w.timer.Stop()
	return 0, false
}

// finish sleeps for d, which ends at t. In a bubble of testing/synctest the clock
// stands still during a system call; there the runtime's own sleep is precise.
func (w *waiter) finish(t time.Time, d time.Duration) {
	if w.sleep == nil {
		w.setAlarm()
	}
	w.sleep(d)
	if time.Until(t) == d {
		w.sleep = time.Sleep
	}
}

func (w *waiter) setAlarm() {
	w.sleep = time.Sleep
	if w.alarm = newAlarm(); w.alarm != nil {
		w.sleep = w.alarm.sleep
	}
}

// close releases what the waiter holds; it may wait again afterwards.
func (w *waiter) close() {
	w.timer.Stop()
	if w.alarm != nil {
		w.alarm.close()
		w.alarm, w.sleep = nil, nil
	}
}

func (w *waiter) cancelled() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}
