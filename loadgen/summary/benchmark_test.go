package summary

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

func manyRecords() []loadgen.Record {
	rnd := rand.New(rand.NewPCG(5, 6))
	records := make([]loadgen.Record, 4096)
	for i := range records {
		us := func(mean float64) time.Duration {
			return time.Duration(rnd.ExpFloat64() * mean * float64(time.Microsecond))
		}
		r := sent(0, uint64(i), time.Duration(i)*time.Microsecond, us(50), us(2000))
		r.Reused = true
		r.Phases = loadgen.Phases{Conn: us(1), Write: us(10), Wait: r.ServiceTime(), Read: us(20)}
		records[i] = r
	}
	return records
}

func BenchmarkAdd(b *testing.B) {
	a, records := New(plan("auth"), runID, began), manyRecords()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Add(&records[i%len(records)])
	}
}

func BenchmarkAddFromAllProcessors(b *testing.B) {
	a, records := New(plan("auth"), runID, began), manyRecords()
	var n atomic.Uint64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(n.Add(997)); pb.Next(); i++ {
			a.Add(&records[i%len(records)])
		}
	})
}

// What thresholds cost each record: none over the whole run, some of stages and
// windows.
func BenchmarkAddWithThresholds(b *testing.B) {
	for name, threshold := range map[string]loadgen.Threshold{
		"whole run": {Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s"},
		"stage":     {Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s", Stage: "each"},
		"window":    {Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s", Window: 10 * time.Second},
		"errors":    {Metric: loadgen.MetricErrorRatio, AtMost: "1%", Window: 10 * time.Second},
	} {
		b.Run(name, func(b *testing.B) {
			p := plan("auth")
			p.Thresholds = []loadgen.Threshold{threshold}
			a, records := New(p, runID, began), manyRecords()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a.Add(&records[i%len(records)])
			}
		})
	}
}
