package vitals

import (
	"io/fs"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
)

// Source is where a Linux system tells of itself.
type Source struct {
	root fs.FS // of the file system
}

// System is the source that programs find on Linux.
func System() Source { return Source{root: os.DirFS("/")} }

// Reading is counters as of a moment. They only mean something against those of
// an earlier moment.
type Reading struct {
	levels   []cgroup.Level // of the process's cgroup, and of those around it
	cpu      ticks
	cpuKnown bool
	sched    histogram
}

// ticks of all processors together.
type ticks struct{ all, steal uint64 }

// histogram is a copy of a runtime/metrics histogram.
type histogram struct {
	counts []uint64
	bounds []float64
}

// Read looks at the counters now. What cannot be read is missing.
func (s Source) Read() Reading {
	r := Reading{sched: readSched()}
	if group, err := cgroup.Find(s.root); err == nil {
		r.levels = group.Levels()
	}
	r.cpu, r.cpuKnown = s.readCPU()
	return r
}

// readCPU reads the first line of /proc/stat (proc_stat(5)): user, nice, system,
// idle, iowait, irq, softirq, steal; guest time, after them, is in user already.
func (s Source) readCPU() (t ticks, ok bool) {
	text, err := fs.ReadFile(s.root, "proc/stat")
	if err != nil {
		return t, false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return t, false
	}
	for i, f := range fields[1:9] {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return ticks{}, false
		}
		t.all += n
		if i == 7 {
			t.steal = n
		}
	}
	return t, true
}

func readSched() histogram {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return histogram{}
	}
	h := sample[0].Value.Float64Histogram()
	return histogram{counts: h.Counts, bounds: h.Buckets} // Read made them for us
}
