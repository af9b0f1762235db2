// Package cgroup reads what the control group of a process (version 2) may use
// and has used. Of version 1 it reads nothing.
//
// A limit of a group holds for all below it, so the tightest one of the group
// and its parents is the limit, and throttling is counted where that limit is.
package cgroup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// ErrNone means that the process is in no control group of version 2.
var ErrNone = errors.New("no control group of version 2")

// Group is the control group of a process.
type Group struct {
	root fs.FS
	dirs []string // the group's folder, then its parents'
}

// Stats is what a group said at one moment. A pointer is nil where there is no
// limit, or no controller that would say.
type Stats struct {
	CPULimit      *float64 // processors
	Throttling    *Throttling
	MemoryLimit   *uint64 // bytes
	MemoryCurrent *uint64
}

// Throttling counts since the group was made.
type Throttling struct {
	Periods, Throttled uint64
	Time               time.Duration
}

// Self finds the group of this process.
func Self() (*Group, error) { return Find(os.DirFS("/")) }

// Find finds it in the files of a system.
func Find(root fs.FS) (*Group, error) {
	own, err := ownPath(root)
	if err != nil {
		return nil, err
	}
	at, err := mountPoint(root)
	if err != nil {
		return nil, err
	}
	g := &Group{root: root}
	for dir := path.Join(at, own); ; dir = path.Dir(dir) {
		if _, err := fs.Stat(root, path.Join(dir, "cgroup.controllers")); err == nil {
			g.dirs = append(g.dirs, dir)
		}
		if dir == at || dir == "." {
			break
		}
	}
	if len(g.dirs) == 0 {
		return nil, ErrNone
	}
	return g, nil
}

// ownPath is the path of the group below the mount point.
func ownPath(root fs.FS) (string, error) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("find the control group: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return p, nil
		}
	}
	return "", ErrNone
}

// mountPoint is where version 2 is mounted, as a path of an fs.FS.
func mountPoint(root fs.FS) (string, error) {
	text, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("find where control groups are mounted: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		// See proc_pid_mountinfo(5): the mount point is the fifth field, the type
		// of the file system is the first after the dash.
		before, after, ok := strings.Cut(line, " - ")
		if fields := strings.Fields(before); ok && len(fields) > 4 && strings.HasPrefix(after, "cgroup2 ") {
			return strings.TrimPrefix(path.Clean(fields[4]), "/"), nil
		}
	}
	return "", ErrNone
}

// Read reads the group's files. What is absent or cannot be read is nil.
func (g *Group) Read() Stats {
	var s Stats
	limited := g.dirs[0]
	for _, dir := range g.dirs {
		if limit := g.cpuMax(dir); limit != nil && (s.CPULimit == nil || *limit < *s.CPULimit) {
			s.CPULimit, limited = limit, dir
		}
		if limit := g.number(dir, "memory.max"); limit != nil && (s.MemoryLimit == nil || *limit < *s.MemoryLimit) {
			s.MemoryLimit = limit
		}
	}
	s.MemoryCurrent = g.number(g.dirs[0], "memory.current")
	s.Throttling = g.throttling(limited)
	return s
}

// cpuMax is the quota over the period: "max 100000" or "50000 100000".
func (g *Group) cpuMax(dir string) *float64 {
	text, err := fs.ReadFile(g.root, path.Join(dir, "cpu.max"))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) != 2 {
		return nil
	}
	quota, err1 := strconv.ParseFloat(fields[0], 64)
	period, err2 := strconv.ParseFloat(fields[1], 64)
	if err1 != nil || err2 != nil || period <= 0 {
		return nil
	}
	limit := quota / period
	return &limit
}

// number of a file; "max" is none.
func (g *Group) number(dir, file string) *uint64 {
	text, err := fs.ReadFile(g.root, path.Join(dir, file))
	if err != nil {
		return nil
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func (g *Group) throttling(dir string) *Throttling {
	text, err := fs.ReadFile(g.root, path.Join(dir, "cpu.stat"))
	if err != nil {
		return nil
	}
	var t Throttling
	var found bool
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			continue
		}
		switch key {
		case "nr_periods":
			t.Periods, found = n, true
		case "nr_throttled":
			t.Throttled = n
		case "throttled_usec":
			t.Time = time.Duration(n) * time.Microsecond
		}
	}
	if !found { // the controller is off
		return nil
	}
	return &t
}
