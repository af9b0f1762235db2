package window

import (
	"strings"

	"github.com/loadtrace/loadtrace/goruntime"
)

// source is where a metric's figure goes. Of several metrics that have the same
// figure in one payload, that of the highest rank counts.
type source struct {
	field Field
	rank  int
	pick  pick // which data points, and which of their values
}

// ranks is how many there are.
const ranks = 4

// pick takes the figure of a point; ok is false if the point is not part of it.
type pick int

const (
	value        pick = iota
	sum               // of a histogram or summary
	count             // of a histogram or summary
	schedule          // 99th percentile of a histogram's growth
	processStart      // no figure, but when the process began
)

// sources by the name of the metric: those of semconv 1.41.0 (go.*) and what
// goruntime has beyond them; how these are called in Prometheus' formats, as by
// our exporter; and those of client_golang's collectors, the base and the
// runtime/metrics one.
var sources = map[string]source{
	"go.goroutine.count":             {Goroutines, 3, value},
	"go_goroutine_count":             {Goroutines, 2, value},
	"process.runtime.go.goroutines":  {Goroutines, 1, value},
	"go_goroutines":                  {Goroutines, 1, value},
	"go_sched_goroutines_goroutines": {Goroutines, 0, value},

	goruntime.MetricHeapObjects:            {Heap, 3, value},
	"goruntime_memory_heap_objects_bytes":  {Heap, 3, value},
	"go_memstats_heap_alloc_bytes":         {Heap, 2, value},
	"go_memory_classes_heap_objects_bytes": {Heap, 1, value},

	// All of the runtime's memory, by type: only stacks have a type of their own, so that
	// no type is the heap.
	"go.memory.used":       {Memory, 0, value},
	"go_memory_used_bytes": {Memory, 0, value},

	// Of Node.js. The heap is reported by space, which are summed up.
	"v8js.memory.heap.used":      {Heap, 0, value},
	"nodejs.eventloop.delay.p99": {EventLoopP99, 0, value},

	"go.memory.gc.goal":         {GCGoal, 1, value},
	"go_memory_gc_goal_bytes":   {GCGoal, 1, value},
	"go_gc_heap_goal_bytes":     {GCGoal, 1, value},
	"go_memstats_next_gc_bytes": {GCGoal, 0, value},

	"go.processor.limit":          {Processors, 1, value},
	"go_processor_limit":          {Processors, 1, value},
	"go_sched_gomaxprocs_threads": {Processors, 0, value},

	"go.schedule.duration":         {ScheduleP99, 1, schedule},
	"go_schedule_duration_seconds": {ScheduleP99, 1, schedule},
	"go_sched_latencies_seconds":   {ScheduleP99, 0, schedule},

	"go.memory.gc.cycles":                {GCCycles, 2, value},
	"go_memory_gc_cycles_total":          {GCCycles, 2, value},
	"go_gc_duration_seconds":             {GCCycles, 1, count},
	"go_gc_cycles_total_gc_cycles_total": {GCCycles, 0, value},

	"go.memory.gc.pause.duration":                  {GCPause, 3, sum},
	"go_memory_gc_pause_duration_seconds":          {GCPause, 3, sum},
	"goruntime_memory_gc_pause_time_seconds_total": {GCPause, 2, value},
	"go_gc_pauses_seconds":                         {GCPause, 0, sum},
	"go_sched_pauses_total_gc_seconds":             {GCPause, 0, sum},

	"go.memory.allocated":             {Allocated, 1, value},
	"go_memory_allocated_bytes_total": {Allocated, 1, value},
	"go_memstats_alloc_bytes_total":   {Allocated, 0, value},
	"go_gc_heap_allocs_bytes_total":   {Allocated, 0, value},

	// Not go.cpu.time: the runtime brings it up to date only when a GC cycle ends, so
	// that between two samples it stands still, or has grown by what was before them.
	"process.cpu.time":               {CPU, 2, value},
	"process_cpu_time_seconds_total": {CPU, 2, value},
	"process_cpu_seconds_total":      {CPU, 1, value},

	"process_start_time_seconds": {pick: processStart},
}

// A summary that has two figures: each of its observations is a cycle's pause.
const gcSummary = "go_gc_duration_seconds"

// gcPauses is the second of them.
var gcPauses = source{GCPause, 1, sum}

// scraped reports whether a name is Prometheus', and not OpenTelemetry's: their points have the time of
// the scrape, by the clock of who scrapes.
func scraped(name string) bool { return !strings.Contains(name, ".") }
