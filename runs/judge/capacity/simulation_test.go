package capacity

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/runs/judge"
	"github.com/loadtrace/loadtrace/runs/judge/queuetest"
)

// service is a queue with an objective for its p99 and the rate at which that is just
// held.
type service struct {
	name     string
	queue    queuetest.Queue
	limit    float64
	capacity float64
}

// stalled is the rate at which 1 % of the responses of the queue with stalls take longer
// than its limit, from 400 million simulated requests at four rates around it.
const stalled = 769.7

func services() []service {
	mm1 := queuetest.Queue{Servers: 1, Rate: 1000}
	mmc := queuetest.Queue{Servers: 8, Rate: 100}
	stall := queuetest.Queue{Servers: 1, Rate: 1000, StallEvery: 1, StallFor: 0.02}
	cliff := queuetest.Queue{Servers: 4, Rate: 250, CliffAt: 620, CliffBy: 0.1}
	return []service{
		{"M/M/1", mm1, 0.02, mm1.Capacity(0.99, 0.02)},
		{"M/M/8", mmc, 0.06, mmc.Capacity(0.99, 0.06)},
		{"M/M/1 with stalls", stall, 0.03, stalled},
		{"M/M/4 with a cliff", cliff, 0.05, cliff.CliffAt},
	}
}

func TestTheCapacityOfTheStalledQueueIsTheSimulatedOne(t *testing.T) {
	n, r, s := queuetest.Simulations(t, 2_000_000, 100_000_000), queuetest.Rand(), services()[2]
	beyond := 0
	for range n / 1_000_000 {
		for _, v := range s.queue.Responses(r, stalled, 20_000, 1_000_000) {
			if v > s.limit {
				beyond++
			}
		}
	}
	share := queuetest.Share(beyond, n)
	t.Logf("%.3f %% beyond %v s", 100*share, s.limit)
	if n > 2_000_000 {
		assert.InEpsilon(t, 0.01, share, 0.03)
		return
	}
	assert.InEpsilon(t, 0.01, share, 0.25)
}

// find searches with probes of so many requests, in 60 batches.
func (s service) find(r *rand.Rand, search Search, requests int) (Estimate, []Probe, Reason) {
	var done []Probe
	for {
		rate, end := search.Next(done)
		if end != "" {
			return Of(done), done, end
		}
		batches := make([]judge.Batch, 60)
		for i := range batches { // all that counts is how many are beyond the limit
			batches[i] = judge.Batch{{Value: s.limit / 2}, {Value: s.limit * 2}}
		}
		for i, v := range s.queue.Responses(r, rate, requests/10, requests) {
			beyond := 0
			if v > s.limit {
				beyond = 1
			}
			batches[i*60/requests][beyond].Count++
		}
		p, _ := ProbeOf(rate, batches, Objective{s.limit, 0.01})
		done = append(done, p)
	}
}

func TestSimulatedCapacitiesAreFound(t *testing.T) {
	n, r := queuetest.Simulations(t, 4, 200), queuetest.Rand()
	for _, s := range services() {
		s.measure(t, r, n, 30_000)
	}
	if n == 200 {
		for _, s := range services() {
			s.measure(t, r, n/2, 100_000)
		}
	}
}

// measure searches n times with probes of so many requests.
func (s service) measure(t *testing.T, r *rand.Rand, n, requests int) {
	near, held, cliffs, probes, width, worst := 0, 0, 0, 0, 0.0, 0.0
	for range n {
		e, done, _ := s.find(r, Search{Start: 100}, requests)
		off := math.Abs(e.Rate/s.capacity - 1)
		worst = max(worst, off)
		probes += len(done)
		width += (e.High/e.Low - 1) / float64(n)
		if off <= 0.03 {
			near++
		}
		if e.Low <= s.capacity && s.capacity <= e.High {
			held++
		}
		if e.Cliff {
			cliffs++
		}
	}
	t.Logf("%s, capacity %.1f/s, probes of %d: within 3 %% %.1f %%, worst %.1f %% off, interval holds %.1f %%, is %.1f %% wide, cliff reported %.1f %%, %.1f probes",
		s.name, s.capacity, requests, 100*queuetest.Share(near, n), 100*worst, 100*queuetest.Share(held, n), 100*width, 100*queuetest.Share(cliffs, n), float64(probes)/float64(n))
	switch {
	case n < 100:
		assert.GreaterOrEqual(t, queuetest.Share(held, n), 0.74, s.name)
	default:
		assert.GreaterOrEqual(t, queuetest.Share(held, n), 0.93, s.name)
	}
}
