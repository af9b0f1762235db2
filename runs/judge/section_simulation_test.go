package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/runs/judge/queuetest"
)

// inBatches cuts values into n batches.
func inBatches(values []float64, n int) []Batch {
	out := make([]Batch, n)
	for i := range out {
		out[i] = BatchOf(values[i*len(values)/n : (i+1)*len(values)/n])
	}
	return out
}

func lognormal(phi, sigma float64) (draw func(*rand.Rand, int) []float64, quantile func(float64) float64) {
	draw = func(r *rand.Rand, n int) []float64 { return queuetest.Autoregressive(r, n, phi, sigma) }
	return draw, func(q float64) float64 { return math.Exp(sigma * math.Sqrt2 * math.Erfinv(2*q-1)) }
}

func mm1(rho float64) (draw func(*rand.Rand, int) []float64, quantile func(float64) float64) {
	queue := queuetest.Queue{Servers: 1, Rate: 1}
	draw = func(r *rand.Rand, n int) []float64 { return queue.Responses(r, rho, n/10, n) }
	return draw, func(q float64) float64 { return queue.Quantile(rho, q) }
}

type source struct {
	name     string
	draw     func(*rand.Rand, int) []float64
	quantile func(float64) float64
}

func sources() []source {
	list := []source{}
	for _, phi := range []float64{0, 0.9, 0.99} {
		draw, quantile := lognormal(phi, 0.5)
		list = append(list, source{fmt.Sprintf("AR(1), phi %v", phi), draw, quantile})
	}
	for _, rho := range []float64{0.5, 0.8, 0.9} {
		draw, quantile := mm1(rho)
		list = append(list, source{fmt.Sprintf("M/M/1, %.0f %% used", 100*rho), draw, quantile})
	}
	return list
}

// tallied is what became of the sections of a quantile.
type tallied struct{ runs, held, missed, width float64 }

func (c *tallied) add(s Section, truth float64) {
	c.runs++
	switch {
	case s.Refused != "":
		return
	case s.Low <= truth && truth <= s.High:
		c.held++
	default:
		c.missed++
	}
	c.width += math.Log(s.High/s.Low) / 2
}

func TestSimulatedSectionsHoldTheQuantileOfDependentLatencies(t *testing.T) {
	n, r := queuetest.Simulations(t, 15, 1000), queuetest.Rand()
	for _, from := range sources() {
		from.measure(t, r, n, 20_000)
	}
	if n == 1000 {
		for _, from := range sources() {
			from.measure(t, r, n/4, 100_000)
		}
	}
}

// measure sections n runs of so many values.
func (from source) measure(t *testing.T, r *rand.Rand, n, size int) {
	orders := []float64{0.5, 0.9, 0.99, 0.999}
	counts := make([]tallied, len(orders))
	for range n {
		batches := inBatches(from.draw(r, size), 60)
		for i, q := range orders {
			counts[i].add(SectionOf(batches, q, 0.95), from.quantile(q))
		}
	}
	for i, q := range orders {
		c := counts[i]
		given := c.held + c.missed
		t.Logf("%s, %d values, p%v: refused %.1f %%; of those given %.1f %% hold, ±%.1f %%; given and wrong %.1f %% of all",
			from.name, size, shortOrder(q), 100-100*given/c.runs, 100*c.held/given, 100*c.width/given, 100*c.missed/c.runs)
		assert.LessOrEqual(t, c.missed/c.runs, 0.2, "%s p%v", from.name, q)
	}
}

// With one run of each of two equal versions, all that differs is chance within the runs:
// the best case, as real runs differ more.
func TestSimulatedLooksAtOneVersionSeldomLookDifferent(t *testing.T) {
	n, r := queuetest.Simulations(t, 40, 1000), queuetest.Rand()
	draw, _ := mm1(0.5)
	for _, tolerance := range []float64{0, 0.05} {
		looks := map[Likeness]int{}
		for range n {
			a, b := inBatches(draw(r, 20_000), 60), inBatches(draw(r, 20_000), 60)
			looks[LookAt(SectionOf(a, 0.9, 0.95), SectionOf(b, 0.9, 0.95), tolerance).Likeness]++
		}
		t.Logf("tolerance %v: %v of %d", tolerance, looks, n)
		assert.LessOrEqual(t, looks[LooksBetter]+looks[LooksWorse], n/6)
	}
}
