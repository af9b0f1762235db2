package calibrate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Case is one attack on the reference server.
type Case struct {
	Name string
	// Latency is what the server adds to request i, counted from 0 in the order
	// in which requests reach it.
	Latency func(i int) time.Duration `json:"-"`
	GRPC    bool
	Rate    float64 // requests per second
	Count   int
	// Last are the requests at the end that come at LastRate.
	Last     int
	LastRate float64
	// MaxWorkers bounds the requests under way; 0 leaves room for all.
	MaxWorkers int
	// Stall of the whole server, from the moment at which request StallAt reaches
	// it; 0 is none.
	Stall   time.Duration
	StallAt int
}

// room is the number of workers where they must not run out.
const room = 10_000

// stall is how long the server stalls.
const stall = time.Second

// Cases are the cases of a calibration, of about d each at rate.
func Cases(rate float64, d time.Duration) []Case {
	n := int(rate * d.Seconds())
	few := max(16, int(rate/8))
	return []Case{
		{Name: "fixed: 5 ms", Latency: fixed(5 * time.Millisecond), Rate: rate, Count: n},
		{Name: "two points: 2 ms, and 50 ms for one in twenty", Latency: twoPoint, Rate: rate, Count: n},
		{Name: "heavy tail: Pareto from 1 ms, exponent 1.5, to 500 ms", Latency: pareto, Rate: rate, Count: n},
		stalled("stall of 1 s", rate, n, 0, false),
		stalled(fmt.Sprintf("stall of 1 s, %d workers", few), rate, n, few, false),
		stalled("stall of 1 s, gRPC", rate, n, 0, true),
		stalled(fmt.Sprintf("stall of 1 s, gRPC, %d workers", few), rate, n, few, true),
	}
}

// The end of Late: 30 s at a rate at which what gathers during the stall is soon
// done, with a stall so long that p99.9 of a million calls tells of it.
const (
	lateRate  = 500.0
	lateCalls = 15_000
	lateStall = 10 * time.Second
)

// Late is a case with n gRPC calls at a rate, and then a stall.
func Late(rate float64, n int) Case {
	c := stalled(fmt.Sprintf("stall of %s after %d gRPC calls", lateStall, n), rate, n+lateCalls, 0, true)
	c.Last, c.LastRate = lateCalls, lateRate
	c.Stall, c.StallAt = lateStall, n+lateCalls/3
	return c
}

// load is the case's stages.
func (c *Case) load() []pace.Stage {
	stages := []pace.Stage{{Constant: pace.Rate(c.Rate), Count: uint64(c.Count - c.Last)}}
	if c.Last > 0 {
		stages = append(stages, pace.Stage{Constant: pace.Rate(c.LastRate), Count: uint64(c.Last)})
	}
	return stages
}

// Length is how long the case takes by its schedule.
func (c *Case) Length() time.Duration {
	seconds := float64(c.Count-c.Last) / c.Rate
	if c.Last > 0 {
		seconds += float64(c.Last) / c.LastRate
	}
	return time.Duration(seconds * float64(time.Second))
}

// stalled has few workers answered after 20 ms rather than 1: what gathers during
// the stall is then worked off as fast as their number lets it, which arithmetic
// knows, and not as fast as processors and sleeps can, which it does not.
func stalled(name string, rate float64, n, workers int, grpc bool) Case {
	latency := time.Millisecond
	if workers > 0 {
		latency = 20 * time.Millisecond
	}
	return Case{
		Name: name, Latency: fixed(latency), GRPC: grpc, Rate: rate, Count: n,
		MaxWorkers: workers, Stall: stall, StallAt: n / 2,
	}
}

func fixed(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

func twoPoint(i int) time.Duration {
	if i%20 == 7 {
		return 50 * time.Millisecond
	}
	return 2 * time.Millisecond
}

// pareto draws by inversion from a Pareto distribution of scale 1 ms and shape
// 1.5, which has no variance, cut at 500 ms. Request i always gets the same.
func pareto(i int) time.Duration {
	u := 1 - rand.New(rand.NewPCG(1, uint64(i))).Float64() // within (0, 1]
	d := time.Duration(float64(time.Millisecond) * math.Pow(u, -1/1.5))
	return min(d, 500*time.Millisecond)
}
