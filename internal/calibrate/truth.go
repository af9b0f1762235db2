package calibrate

import (
	"container/heap"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// truth is the response time of every request of a case as arithmetic has it:
// request i is wanted at its time of the schedule, begins as soon as a worker is
// free, and ends when the server lets it. Networks and computers take no time.
func truth(c *Case) ([]time.Duration, error) {
	schedule, err := pace.New(c.load())
	if err != nil {
		return nil, err
	}
	workers := newQueue(c.MaxWorkers)
	response := make([]time.Duration, c.Count)
	stalls := time.Duration(-1)
	for i := range response {
		wanted, _ := schedule.At(uint64(i))
		begin := max(wanted, workers.free())
		if c.Stall > 0 && i == c.StallAt {
			stalls = begin
		}
		end := begin
		if stalls >= 0 {
			end = max(end, stalls+c.Stall)
		}
		end += c.Latency(i)
		workers.occupy(end)
		response[i] = end - wanted
	}
	return response, nil
}

// queue is when each of a number of workers is free, the earliest first.
type queue struct {
	limit int // 0: there is always one free
	until durations
}

func newQueue(limit int) *queue { return &queue{limit: limit} }

func (q *queue) free() time.Duration {
	if q.limit == 0 || len(q.until) < q.limit {
		return 0
	}
	return q.until[0]
}

// occupy the worker that is free first.
func (q *queue) occupy(until time.Duration) {
	switch {
	case q.limit == 0:
	case len(q.until) < q.limit:
		heap.Push(&q.until, until)
	default:
		q.until[0] = until
		heap.Fix(&q.until, 0)
	}
}

// durations implement heap.Interface.
type durations []time.Duration

func (d durations) Len() int           { return len(d) }
func (d durations) Less(i, j int) bool { return d[i] < d[j] }
func (d durations) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *durations) Push(x any)        { *d = append(*d, x.(time.Duration)) }
func (d *durations) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
