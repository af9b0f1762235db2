package calibrate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
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
	return []Case{
		{Name: "fixed: 5 ms", Latency: fixed(5 * time.Millisecond), Rate: rate, Count: n},
		{Name: "two points: 2 ms, and 50 ms for one in twenty", Latency: twoPoint, Rate: rate, Count: n},
		{Name: "heavy tail: Pareto from 1 ms, exponent 1.5, to 500 ms", Latency: pareto, Rate: rate, Count: n},
		stalled("stall of 1 s", rate, n, 0, false),
		stalled("stall of 1 s, 16 workers", rate, n, 16, false),
		stalled("stall of 1 s, gRPC", rate, n, 0, true),
		stalled("stall of 1 s, gRPC, 16 workers", rate, n, 16, true),
	}
}

// Late is a case with n gRPC calls whose stall comes close to the end.
func Late(rate float64, n int) Case {
	c := stalled(fmt.Sprintf("stall of 1 s after %d gRPC calls", n-int(2*rate)), rate, n, 0, true)
	c.StallAt = n - int(2*rate)
	return c
}

func stalled(name string, rate float64, n, workers int, grpc bool) Case {
	return Case{
		Name: name, Latency: fixed(time.Millisecond), GRPC: grpc, Rate: rate, Count: n,
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
