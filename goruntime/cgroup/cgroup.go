package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"time"
)

// ErrNone means that the process is in no control group that can be read.
var ErrNone = errors.New("no control group")

// Group is the control group of a process.
type Group struct {
	root        fs.FS
	cpu, memory hierarchy // zero where nothing was found
}

// hierarchy is the folders that one controller has for a group, its own first,
// then its parents'.
type hierarchy struct {
	dirs  []string // paths of the root
	paths []string // the same below the mount point
	files *files
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

// Find finds the group of this process where the root of the file system is
// another.
func Find(root fs.FS) (*Group, error) {
	own, err := readMembership(root)
	if err != nil {
		return nil, err
	}
	mounts, err := readMounts(root)
	if err != nil {
		return nil, err
	}
	g := &Group{root: root}
	g.cpu = find(root, own, mounts, "cpu")
	g.memory = find(root, own, mounts, "memory")
	if len(g.cpu.dirs)+len(g.memory.dirs) == 0 {
		return nil, ErrNone
	}
	return g, nil
}

// find has the folders of a controller: of version 1 if it has a hierarchy of its
// own there, since it is not in version 2 then.
func find(root fs.FS, own membership, mounts mounts, controller string) hierarchy {
	h := hierarchy{files: &version2}
	place, at := own[unified], mounts[unified]
	if one, ok := own[controller]; ok {
		h.files = &version1
		place, at = one, mounts[controller]
	}
	if place == "" || at.point == "" {
		return hierarchy{}
	}
	for rel := at.below(place); ; rel = path.Dir(rel) {
		dir := path.Join(at.point, rel)
		if _, err := fs.Stat(root, path.Join(dir, h.files.mark)); err == nil {
			h.dirs, h.paths = append(h.dirs, dir), append(h.paths, rel)
		}
		if rel == "/" {
			return h
		}
	}
}

// Read reads the group's files. What is absent or cannot be read is nil.
// Throttling is counted where the tightest limit is.
func (g *Group) Read() Stats {
	var s Stats
	for i, dir := range g.cpu.dirs {
		limit := g.cpu.files.cpuLimit(g.root, dir)
		tighter := limit != nil && (s.CPULimit == nil || *limit < *s.CPULimit)
		if tighter {
			s.CPULimit = limit
		}
		if tighter || i == 0 {
			s.Throttling, _ = g.cpu.files.throttling(g.root, dir)
		}
	}
	for i, dir := range g.memory.dirs {
		limit := g.memory.files.memoryLimit(g.root, dir)
		if limit != nil && (s.MemoryLimit == nil || *limit < *s.MemoryLimit) {
			s.MemoryLimit = limit
		}
		if i == 0 {
			s.MemoryCurrent = number(g.root, path.Join(dir, g.memory.files.memoryUsage))
		}
	}
	return s
}

// Level is one of a group and its parents.
type Level struct {
	Path string // below the mount point, the root is /
	Throttling
}

// Levels has the throttling of the group and of each of its parents, the group
// first: the limit of any of them throttles it. A level that has no limit, or
// cannot have one, counts no periods; one that does not tell is left out.
func (g *Group) Levels() []Level {
	var all []Level
	for i, dir := range g.cpu.dirs {
		switch t, ok := g.cpu.files.throttling(g.root, dir); {
		case t != nil:
			all = append(all, Level{g.cpu.paths[i], *t})
		case ok:
			all = append(all, Level{Path: g.cpu.paths[i]})
		}
	}
	return all
}
