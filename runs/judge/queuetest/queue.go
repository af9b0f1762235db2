package queuetest

import (
	"math"
	"math/rand/v2"
)

// Queue is a service with Servers, each of which serves Rate requests a second on average
// in exponential times, to Poisson arrivals, first come first served: M/M/c.
type Queue struct {
	Servers int
	Rate    float64
	// Every StallEvery seconds of exponential times, no request begins for StallFor
	// seconds; 0 for never.
	StallEvery, StallFor float64
	// From arrivals of CliffAt a second on, each response takes CliffBy longer; 0 for never.
	CliffAt, CliffBy float64
}

// Responses returns the response times of n requests that arrive at a rate, in order of
// arrival, after a warm-up of as many as are given.
func (q Queue) Responses(r *rand.Rand, rate float64, warmUp, n int) []float64 {
	free := make([]float64, q.Servers) // when each server is
	out := make([]float64, 0, n)
	stall, now := q.nextStall(r, 0), 0.0
	for i := range warmUp + n {
		now += r.ExpFloat64() / rate
		first := earliest(free)
		start := max(now, free[first])
		for start >= stall {
			start = max(start, stall+q.StallFor)
			stall = q.nextStall(r, stall+q.StallFor)
		}
		free[first] = start + r.ExpFloat64()/q.Rate
		if i >= warmUp {
			out = append(out, free[first]-now+q.cliff(rate))
		}
	}
	return out
}

func (q Queue) nextStall(r *rand.Rand, after float64) float64 {
	if q.StallEvery == 0 {
		return math.Inf(1)
	}
	return after + q.StallEvery*r.ExpFloat64()
}

func (q Queue) cliff(rate float64) float64 {
	if q.CliffAt > 0 && rate >= q.CliffAt {
		return q.CliffBy
	}
	return 0
}

func earliest(free []float64) (first int) {
	for i := range free {
		if free[i] < free[first] {
			first = i
		}
	}
	return first
}

// Quantile returns that of the response time at a rate below Servers × Rate, without
// stalls and cliffs.
//
// Source: D. Gross and C. M. Harris, Fundamentals of Queueing Theory, chapter 2: the
// wait is 0 with the probability 1 − C (Erlang's C formula), else exponential with the
// rate cμ − λ; the service time is added.
func (q Queue) Quantile(rate, order float64) float64 {
	low, high := 0.0, 1.0
	for q.beyond(rate, high) > 1-order {
		high *= 2
	}
	for range 60 {
		middle := (low + high) / 2
		if q.beyond(rate, middle) > 1-order {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// beyond is the probability that a response takes longer than t.
func (q Queue) beyond(rate, t float64) float64 {
	wait, mu, drain := q.erlangC(rate), q.Rate, float64(q.Servers)*q.Rate-rate
	served := math.Exp(-mu * t)
	if math.Abs(drain-mu) < 1e-9*mu {
		return served + wait*mu*t*served
	}
	// The sum of the exponential times of waiting and of service.
	both := (mu*math.Exp(-drain*t) - drain*served) / (mu - drain)
	return (1-wait)*served + wait*both
}

// erlangC is the probability that a request waits, by the recursion of Erlang's B.
func (q Queue) erlangC(rate float64) float64 {
	offered, b := rate/q.Rate, 1.0
	for k := 1; k <= q.Servers; k++ {
		b = offered * b / (float64(k) + offered*b)
	}
	rho := offered / float64(q.Servers)
	return b / (1 - rho + rho*b)
}

// Capacity returns the highest rate at which a quantile is within a limit, without
// stalls.
func (q Queue) Capacity(order, limit float64) float64 {
	low, high := 0.0, float64(q.Servers)*q.Rate
	if q.CliffAt > 0 {
		high = min(high, q.CliffAt)
	}
	for range 60 {
		middle := (low + high) / 2
		if q.Quantile(middle, order) > limit {
			high = middle
		} else {
			low = middle
		}
	}
	return (low + high) / 2
}
