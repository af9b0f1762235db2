// Package lineartest holds work to time that is linear in its input: ten times the input
// takes fifteen times the time at most. It measures processor time of the process, the
// least of several tries, so that a busy machine changes little.
package lineartest

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

const (
	larger = 10 // times the input
	most   = 15 // times the time
	tries  = 10
	// least is what less counts as: it is too short to be compared.
	least = time.Millisecond
)

// Run fails t if the work on an input of 10·n takes more than 15 times as long as on one of
// n. The work is what prepare returns; prepare itself does not count. Work on n should
// take some milliseconds.
//
// The work on n is done ten times, with ten inputs that are all there, so that both take as
// much memory: to get it from the system, and to collect it, takes time too, which is
// not what is asked for.
func Run(t *testing.T, n int, prepare func(n int) (work func())) {
	t.Helper()
	n = max(1, n/scale)
	small, large := time.Duration(0), time.Duration(0)
	for range tries {
		var works []func()
		for range larger {
			works = append(works, prepare(n))
		}
		small = shorter(small, took(works...)/larger)
		large = shorter(large, took(prepare(larger*n)))
		if large <= most*small {
			t.Logf("%v for %d, %v for ten times as many: %.1f times the time", small, n, large, float64(large)/float64(small))
			return
		}
	}
	t.Errorf("%v for %d, and %v for ten times as many: %.1f times the time, and 15 at most if it is linear",
		small, n, large, float64(large)/float64(small))
}

func shorter(least, took time.Duration) time.Duration {
	if least == 0 {
		return took
	}
	return min(least, took)
}

// took is the processor time of some works. Garbage is not collected meanwhile: when that
// begins, and so what it adds to which of two works, is by chance.
func took(works ...func()) time.Duration {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := processorTime()
	for _, work := range works {
		work()
	}
	took := processorTime() - before
	runtime.KeepAlive(works)
	return max(took, least)
}
