package convert

import (
	"math"
	"time"

	"github.com/lightstep/go-expohisto/structure"
)

// trend is a histogram of durations, whose quantiles are within 0.6 %, as those of a
// summary are. What is least, greatest and the mean are exact.
type trend struct{ ns structure.Float64 }

// buckets hold 63 powers of two at 64 buckets each.
const buckets = 4096

func newTrend() *trend {
	t := &trend{}
	t.ns.Init(structure.NewConfig(structure.WithMaxSize(buckets)))
	return t
}

func (t *trend) add(d time.Duration) { t.ns.Update(float64(max(d, 0))) }

// values in milliseconds, by the names that k6 has for them.
func (t *trend) values() map[string]float64 {
	const ms = float64(time.Millisecond)
	return map[string]float64{
		"avg": t.ns.Sum() / float64(t.ns.Count()) / ms,
		"min": t.ns.Min() / ms, "max": t.ns.Max() / ms,
		"med": t.quantile(0.5) / ms, "p(90)": t.quantile(0.9) / ms, "p(95)": t.quantile(0.95) / ms, "p(99)": t.quantile(0.99) / ms,
	}
}

// quantile is that of the nearest rank, in nanoseconds.
func (t *trend) quantile(q float64) float64 {
	rank := uint64(math.Ceil(q * float64(t.ns.Count())))
	seen := t.ns.ZeroCount()
	if seen >= rank {
		return 0
	}
	b := t.ns.Positive()
	for i := range b.Len() {
		if seen += b.At(i); seen >= rank {
			middle := math.Exp2(math.Ldexp(float64(b.Offset()+int32(i))+0.5, -int(t.ns.Scale())))
			return min(max(middle, t.ns.Min()), t.ns.Max())
		}
	}
	return t.ns.Max()
}
