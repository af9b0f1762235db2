package clock

import (
	"slices"
	"time"
)

const (
	// sampled is how many ends a stage keeps, the latest ones.
	sampled = 15
	// enough is with how many pairs their ends count.
	enough = 5
)

// stage is what the pairs of one slot of time say.
type stage struct {
	slot      int64
	at        time.Time // of the latest pair
	n         int       // pairs
	low, high time.Duration
	ends      [sampled]time.Duration
	ended     time.Duration // their median
}

func (s *stage) add(m measurement) {
	if s.n == 0 {
		s.low, s.high = m.low, m.high
	}
	s.low, s.high = max(s.low, m.low), min(s.high, m.high)
	s.ends[s.n%sampled] = m.ended
	s.n++
	if m.at.After(s.at) {
		s.at = m.at
	}
	s.ended = median(s.ends[:min(s.n, sampled)])
}

func median(of []time.Duration) time.Duration {
	var sorted [sampled]time.Duration
	n := copy(sorted[:], of)
	slices.Sort(sorted[:n])
	return sorted[(n-1)/2]
}

// estimate is the offset and its bound, as of the latest pair. Within a slot clocks
// part, which the bound has for all pairs but a single one.
func (s *stage) estimate() (offset, half time.Duration) {
	low := s.low
	if s.n >= enough {
		low = max(low, s.ended)
	}
	low = min(low, s.high)
	half = (s.high-low)/2 + 1
	if s.n > 1 {
		half += time.Duration(drift * float64(slotWidth))
	}
	return low + (s.high-low)/2, half
}
