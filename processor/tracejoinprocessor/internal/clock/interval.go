package clock

import "time"

// interval is where an offset lies, ends included. It is empty if low is above high.
type interval struct {
	low, high time.Duration
}

var nowhere = interval{low: 1, high: 0}

func (i interval) empty() bool { return i.low > i.high }

// apart reports whether two intervals have no offset in common.
func (i interval) apart(from interval) bool { return max(i.low, from.low) > min(i.high, from.high) }

// and is what two intervals have in common.
func (i interval) and(other interval) interval {
	return interval{max(i.low, other.low), min(i.high, other.high)}
}

// hull is the shortest interval that has both.
func (i interval) hull(other interval) interval {
	switch {
	case i.empty():
		return other
	case other.empty():
		return i
	}
	return interval{min(i.low, other.low), max(i.high, other.high)}
}

// aged is an interval as of another time: clocks part meanwhile.
func (i interval) aged(by int64) interval {
	if i.empty() {
		return i
	}
	d := drift(by)
	return interval{i.low - d, i.high + d}
}

// drift is how far two clocks part within so many nanoseconds, at most: each is
// within 50 ppm, as a quartz that nobody disciplines. (RFC 5905 has 15 ppm for
// clocks under NTP.)
func drift(in int64) time.Duration { return time.Duration(max(in, -in) / 10_000) }
