package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// unified is the name that version 2 has here, beside those of controllers of
// version 1.
const unified = ""

// controllers are those that are read.
var controllers = []string{"cpu", "memory"}

// membership is the path of the process's group in each hierarchy, by controller
// (cgroups(7), /proc/pid/cgroup).
type membership map[string]string

func readMembership(root fs.FS) (membership, error) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("find the control group: %w", err)
	}
	own := membership{}
	for line := range strings.Lines(string(text)) {
		// 4:cpu,cpuacct:/path, or 0::/path of version 2.
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		for name := range strings.SplitSeq(fields[1], ",") {
			own[name] = fields[2]
		}
	}
	return own, nil
}

// mount is where a hierarchy is mounted, and which folder of it.
type mount struct{ point, root string }

// mounts are those of hierarchies, by controller.
type mounts map[string]mount

func readMounts(root fs.FS) (mounts, error) {
	text, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("find where control groups are mounted: %w", err)
	}
	all := mounts{}
	for line := range strings.Lines(string(text)) {
		// See proc_pid_mountinfo(5): the root and the mount point are the fourth and
		// fifth field; after the dash are the type of the file system, its source, and
		// options, of which version 1 has its controllers.
		before, after, ok := strings.Cut(line, " - ")
		fields, system := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(system) < 3 {
			continue
		}
		m := mount{point: strings.TrimPrefix(path.Clean(fields[4]), "/"), root: path.Clean(fields[3])}
		switch system[0] {
		case "cgroup2":
			all.add(unified, m)
		case "cgroup":
			for name := range strings.SplitSeq(system[2], ",") {
				if slices.Contains(controllers, name) {
					all.add(name, m)
				}
			}
		}
	}
	return all, nil
}

// add keeps the first mount of a hierarchy.
func (all mounts) add(name string, m mount) {
	if _, ok := all[name]; !ok {
		all[name] = m
	}
}

// below is a group's path below the mount point. A container may see its own
// group as the mount's root, by the path that the host has for it.
func (m mount) below(group string) string {
	group = path.Clean("/" + group)
	if rest, ok := strings.CutPrefix(group, m.root); ok && (rest == "" || rest[0] == '/' || m.root == "/") {
		return path.Join("/", rest)
	}
	return group
}
