// Package cgrouptest makes real control groups for tests, so that a limit and its
// throttling are the kernel's. It needs root and a Linux on which groups can be
// made, and skips the test that asks for one elsewhere.
package cgrouptest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Limited is a new group below the root whose processes may use that many
// processors together. It is removed when the test ends, by when none may be left
// in it.
func Limited(t testing.TB, processors float64) *Group {
	t.Helper()
	g, err := limited(fmt.Sprintf("loadtrace-test-%d-%d", os.Getpid(), time.Now().UnixNano()), processors)
	if err != nil {
		t.Skipf("needs root and a cgroup with a controller of CPU: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(g.dir); err != nil {
			t.Errorf("remove the control group: %v", err)
		}
	})
	return g
}

// Group is a control group.
type Group struct{ dir string }

// Wrap has a command start within the group, from its first instruction on.
func (g *Group) Wrap(cmd *exec.Cmd) {
	sh := exec.Command("sh", append([]string{"-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, g.dir}, cmd.Args...)...)
	cmd.Path, cmd.Args = sh.Path, sh.Args
}

func limited(name string, processors float64) (*Group, error) {
	const period = 100_000 // µs, the kernel's default
	quota := int(processors * period)
	if root, ok := mounted("cgroup", "cpu"); ok {
		return create(filepath.Join(root, name), map[string]string{"cpu.cfs_period_us": fmt.Sprint(period), "cpu.cfs_quota_us": fmt.Sprint(quota)})
	}
	root, ok := mounted("cgroup2", "")
	if !ok {
		return nil, errors.New("no control groups are mounted")
	}
	enabled, err := os.ReadFile(filepath.Join(root, "cgroup.subtree_control"))
	if err == nil && !slices.Contains(strings.Fields(string(enabled)), "cpu") {
		err = errors.New("the root has no cpu in its cgroup.subtree_control")
	}
	if err != nil {
		return nil, err
	}
	return create(filepath.Join(root, name), map[string]string{"cpu.max": fmt.Sprint(quota, period)})
}

func create(dir string, settings map[string]string) (*Group, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	for file, value := range settings {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644); err != nil {
			return nil, errors.Join(err, os.Remove(dir))
		}
	}
	return &Group{dir: dir}, nil
}

// mounted is where a file system of a kind is mounted that has the option.
func mounted(kind, option string) (string, bool) {
	text, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 3 && f[2] == kind && (option == "" || slices.Contains(strings.Split(f[3], ","), option)) {
			return f[1], true
		}
	}
	return "", false
}
