package pace

import (
	"math"
	"time"
)

// span is a stage made ready: its requests by number and their times, both from its
// own beginning.
type span struct {
	curve    curve     // nil in a closed loop
	arrivals *arrivals // of a Poisson stage: arrival n takes the place of request n
	lead     float64   // growth from the stage's beginning to its first request, in [0,1)
	workers  int64     // of a closed loop
	requests uint64    // 0 in a closed loop with a duration: not known
	length   time.Duration

	// Of a shard, request j is request skip + j*step of the whole stage; of the whole itself
	// they are 0 and 1.
	skip, step uint64
}

// newSpan makes a stage ready. lead is the growth that is wanted until the next
// request, at the beginning of the stage; after is the same at its end.
//
// A Poisson stage begins anew: its first arrival is one exponential gap from its
// beginning, and with a count it ends where one more arrival would have been. It
// leaves lead as it is, so the open stage behind it goes on with the fraction of
// a request that the stage before it had left. Behind a closed loop there is no such
// fraction: the next stage's first request is due as it begins.
func newSpan(st *Stage, lead float64) (s span, after float64) {
	if st.Max != nil {
		return span{workers: int64(st.Max.Workers), requests: st.Count, length: st.Duration, step: 1}, 0
	}
	curve, seconds := newCurve(st)
	s = span{curve: curve, lead: lead, step: 1}
	grown := float64(st.Count)
	if st.Count == 0 {
		grown = curve.growth(seconds)
	}
	after = lead
	if st.Poisson != nil {
		s.arrivals = &arrivals{seed: st.Poisson.Seed}
		s.requests, seconds = s.arrivals.within(st.Count, grown, seconds, curve)
	} else {
		s.requests, after = ticks(lead, grown)
		if st.Count == 0 && s.requests > 0 && after > 0 && fades(curve, seconds) {
			s.requests, after = s.requests-1, 0
		}
	}
	s.length = max(1, toDuration(seconds))
	return s, after
}

// within is the number of arrivals of a stage and its length in seconds.
func (a *arrivals) within(count uint64, grown, seconds float64, c curve) (uint64, float64) {
	if count > 0 {
		return count, c.when(a.at(count))
	}
	return a.before(grown), seconds
}

// ticks is how many requests fall into a stage in which the rate's integral grows by
// grown, and the lead of the next stage. A request next to the stage's end belongs to
// the next stage, which it then begins: otherwise rounding would make 20/m for
// 60s into 21 requests.
func ticks(lead, grown float64) (hits uint64, after float64) {
	near := max(1e-6, 1e-15*grown)
	n := max(0, math.Ceil(grown-lead-near))
	after = lead + n - grown
	if after <= near {
		after = 0
	}
	return uint64(n), after
}

// fades reports whether the rate of a stage has fallen to 0 at its end. Then the time
// until the next request is without bound, and a fraction of a request that is left makes none:
// the stage sends what its integral says, and no more. The next stage's first request is
// due as it begins.
func fades(c curve, seconds float64) bool {
	return c.rate(seconds) <= 1e-9*c.growth(seconds)/seconds
}

func (s *span) open() bool { return s.curve != nil }

// endless reports whether only time ends the stage, so that nobody knows the
// number of its requests beforehand.
func (s *span) endless() bool { return !s.open() && s.requests == 0 }

// timeless reports whether only the number of requests ends the stage, so that nobody
// knows its length beforehand.
func (s *span) timeless() bool { return !s.open() && s.requests > 0 }

// at is the time of request j of an open stage. It is always before the stage's end,
// though the last request's may be rounded there.
func (s *span) at(j uint64) time.Duration {
	j = s.skip + j*s.step
	n := s.lead + float64(j)
	if s.arrivals != nil {
		n = s.arrivals.at(j)
	}
	return min(toDuration(s.curve.when(n)), s.length-1)
}

// rate at t from the stage's beginning, which must be within the stage; of a shard,
// its share.
func (s *span) rate(t time.Duration) float64 {
	if !s.open() {
		return 0
	}
	return s.curve.rate(t.Seconds()) / float64(s.step)
}

func toDuration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds * float64(time.Second)))
}
