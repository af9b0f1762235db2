package summary

import (
	"encoding/json"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
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

// 16 shards of a million requests each, from the text of their summaries.
func BenchmarkMergeOf16ShardsOfAMillionRequests(b *testing.B) {
	const count, requests = 16, 1_000_000
	p := plan("auth")
	p.Attacks[0].Workers, p.Attacks[0].MaxWorkers = count, count
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s"},
		{Metric: loadgen.MetricErrorRatio, AtMost: "1%", Window: 10 * time.Second},
	}
	records := manyRecords()
	var texts [count][]byte
	for i := range texts {
		s := newProcess(b, p, pace.Shard{Index: i, Count: count})
		for n := range requests {
			s.figures.Add(&records[n%len(records)])
		}
		c := &s.accounts[0]
		c.Planned, c.Given, c.Recorded = requests, requests, requests
		c.Stages = c.Stages[:1]
		texts[i], _ = json.Marshal(s.summary())
	}
	b.SetBytes(int64(count * len(texts[0])))
	for b.Loop() {
		var inputs []Input
		for _, text := range texts {
			s := &Summary{}
			if err := json.Unmarshal(text, s); err != nil {
				b.Fatal(err)
			}
			inputs = append(inputs, Input{"", s})
		}
		if s, err := Merge(inputs, nil); err != nil || s.Total.Requests.Planned != count*requests {
			b.Fatal(err)
		}
	}
}
