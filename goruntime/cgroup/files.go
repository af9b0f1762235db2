package cgroup

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// files are the names and forms of a group's files in one version.
type files struct {
	mark        string // a file that every group with the controller has
	cpuLimit    func(root fs.FS, dir string) *float64
	memoryMax   string
	memoryUsage string
	throttled   string        // time in cpu.stat
	unit        time.Duration // of it
	always      string        // a key of cpu.stat that is there without a limit too
}

// See Documentation/admin-guide/cgroup-v2.rst of the kernel. A root group cannot
// be limited; its cpu.stat has no periods.
var version2 = files{
	mark:        "cgroup.controllers",
	cpuLimit:    cpuMax,
	memoryMax:   "memory.max",
	memoryUsage: "memory.current",
	throttled:   "throttled_usec",
	unit:        time.Microsecond,
	always:      "usage_usec",
}

// See Documentation/scheduler/sched-bwc.rst and
// Documentation/admin-guide/cgroup-v1/memory.rst.
var version1 = files{
	mark:        "cgroup.procs",
	cpuLimit:    cfsQuota,
	memoryMax:   "memory.limit_in_bytes",
	memoryUsage: "memory.usage_in_bytes",
	throttled:   "throttled_time",
	unit:        time.Nanosecond,
	always:      "nr_periods",
}

// cpuMax is the quota over the period: "max 100000" or "50000 100000".
func cpuMax(root fs.FS, dir string) *float64 {
	text, err := fs.ReadFile(root, path.Join(dir, "cpu.max"))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) != 2 {
		return nil
	}
	return processors(fields[0], fields[1])
}

// cfsQuota is the same in two files; a quota of -1 is none.
func cfsQuota(root fs.FS, dir string) *float64 {
	quota, err1 := fs.ReadFile(root, path.Join(dir, "cpu.cfs_quota_us"))
	period, err2 := fs.ReadFile(root, path.Join(dir, "cpu.cfs_period_us"))
	if err1 != nil || err2 != nil {
		return nil
	}
	return processors(strings.TrimSpace(string(quota)), strings.TrimSpace(string(period)))
}

func processors(quota, period string) *float64 {
	q, err1 := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err1 != nil || err2 != nil || !(q > 0) || !(p > 0) {
		return nil
	}
	limit := q / p
	return &limit
}

// noLimit is more memory than any machine has: version 1 says the greatest
// multiple of a page for no limit, version 2 says max.
const noLimit = 1 << 62

func (f *files) memoryLimit(root fs.FS, dir string) *uint64 {
	n := number(root, path.Join(dir, f.memoryMax))
	if n == nil || *n >= noLimit {
		return nil
	}
	return n
}

// number of a file that holds one.
func number(root fs.FS, file string) *uint64 {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return nil
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// throttling reads cpu.stat: nil without the controller, and not ok where the
// file is no such file.
func (f *files) throttling(root fs.FS, dir string) (t *Throttling, ok bool) {
	text, err := fs.ReadFile(root, path.Join(dir, "cpu.stat"))
	if err != nil {
		return nil, false
	}
	var sum Throttling
	counts := false
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			continue
		}
		ok = ok || key == f.always
		switch key {
		case "nr_periods":
			sum.Periods, counts = n, true
		case "nr_throttled":
			sum.Throttled = n
		case f.throttled:
			sum.Time = time.Duration(n) * f.unit
		}
	}
	if !ok || !counts {
		return nil, ok
	}
	return &sum, true
}
