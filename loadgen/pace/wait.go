package pace

import "time"

// fine is how long before its end a wait is finished with a precise sleep. The
// runtime's timers may fire a millisecond late on an idle Linux process, since it
// then waits in epoll, which counts in milliseconds.
const fine = 1200 * time.Microsecond

// waiter waits for moments, one at a time.
type waiter struct {
	done  <-chan struct{} // ends every wait
	news  <-chan struct{} // a reason to ask again how long to wait
	timer *time.Timer
	sleep func(time.Duration) // nil until the first precise sleep, unless given
	alarm *alarm              // of sleep, if it is ours
}

func newWaiter(done, news <-chan struct{}, sleep func(time.Duration)) *waiter {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &waiter{done: done, news: news, timer: timer, sleep: sleep}
}

// until waits for a moment, which when tells, and returns how late it is then. It
// asks again when there is news; while when is not ok, it waits for that. until is
// not ok when done was closed first; within the last stretch, done is seen only at
// the end, and news not at all.
func (w *waiter) until(when func() (time.Time, bool)) (behind time.Duration, ok bool) {
	for !w.cancelled() {
		t, known := when()
		var fired <-chan time.Time
		if known {
			d := time.Until(t)
			if d <= 0 {
				return -d, true
			}
			if d <= fine {
				w.finish(t, d)
				continue
			}
			w.timer.Reset(d - fine)
			fired = w.timer.C
		}
		select {
		case <-fired:
		case <-w.news:
		case <-w.done:
		}
	}
	w.timer.Stop()
	return 0, false
}

// waitForNews waits for news, or done.
func (w *waiter) waitForNews() {
	select {
	case <-w.news:
	case <-w.done:
	}
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
