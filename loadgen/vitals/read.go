package vitals

import (
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"strings"
)

// Source is where a Linux system tells of itself.
type Source struct {
	Proc   string // /proc
	Cgroup string // the mount of cgroup v2
}

// System is the source that programs find on Linux.
func System() Source { return Source{Proc: "/proc", Cgroup: "/sys/fs/cgroup"} }

// Reading is counters as of a moment. They only mean something against those of
// an earlier moment.
type Reading struct {
	cgroups  []cgroup // the process's own, then those around it
	cpu      ticks
	cpuKnown bool
	sched    histogram
}

// cgroup counts the scheduling periods of a cgroup with a limit of CPU.
type cgroup struct {
	path               string
	periods, throttled uint64
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
	r.cgroups = s.readCgroups()
	r.cpu, r.cpuKnown = s.readCPU()
	return r
}

// readCgroups finds the counters of the process's cgroup v2 and of those around
// it, since the limit of any of them throttles it.
func (s Source) readCgroups() []cgroup {
	membership, err := os.ReadFile(filepath.Join(s.Proc, "self", "cgroup"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(membership)) {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		var found []cgroup
		for path = filepath.Clean("/" + path); ; path = filepath.Dir(path) {
			if c, ok := readStat(filepath.Join(s.Cgroup, path, "cpu.stat")); ok {
				c.path = path
				found = append(found, c)
			}
			if path == "/" {
				return found
			}
		}
	}
	return nil
}

// readStat reads a cpu.stat. A root cgroup cannot be limited; its file has no
// periods, which is as good as none of them throttled, but it must have
// usage_usec, which cgroup v1 has not.
func readStat(path string) (c cgroup, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return c, false
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			continue
		}
		switch key {
		case "usage_usec":
			ok = true
		case "nr_periods":
			c.periods = n
		case "nr_throttled":
			c.throttled = n
		}
	}
	return c, ok
}

// readCPU reads the first line of /proc/stat (proc_stat(5)): user, nice, system,
// idle, iowait, irq, softirq, steal; guest time, after them, is in user already.
func (s Source) readCPU() (t ticks, ok bool) {
	text, err := os.ReadFile(filepath.Join(s.Proc, "stat"))
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
