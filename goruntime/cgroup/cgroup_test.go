package cgroup

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree is a file system with a group /pod/app, and more.
func tree(more map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"proc/self/cgroup":                         "1:cpuset:/old\n0::/pod/app\n",
		"proc/self/mountinfo":                      "22 1 0:5 / /proc rw - proc proc rw\n30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
		"sys/fs/cgroup/pod/cgroup.controllers":     "cpu memory\n",
		"sys/fs/cgroup/pod/app/cgroup.controllers": "cpu memory\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestTheTightestLimitOfAGroupAndItsParentsHolds(t *testing.T) {
	g, err := Find(tree(map[string]string{
		"sys/fs/cgroup/pod/app/cpu.max":        "200000 100000\n",
		"sys/fs/cgroup/pod/cpu.max":            "50000 100000\n",
		"sys/fs/cgroup/pod/cpu.stat":           "usage_usec 9\nnr_periods 10\nnr_throttled 4\nthrottled_usec 1500000\n",
		"sys/fs/cgroup/pod/app/cpu.stat":       "nr_periods 1\nnr_throttled 0\nthrottled_usec 0\n",
		"sys/fs/cgroup/pod/app/memory.max":     "max\n",
		"sys/fs/cgroup/pod/memory.max":         "1073741824\n",
		"sys/fs/cgroup/pod/app/memory.current": "4096\n",
	}))
	require.NoError(t, err)
	s := g.Read()
	assert.InDelta(t, 0.5, *s.CPULimit, 0)
	assert.Equal(t, Throttling{Periods: 10, Throttled: 4, Time: 1500 * time.Millisecond}, *s.Throttling)
	assert.Equal(t, uint64(1<<30), *s.MemoryLimit)
	assert.Equal(t, uint64(4096), *s.MemoryCurrent)
}

func TestWithoutALimitThereIsNone(t *testing.T) {
	g, err := Find(tree(map[string]string{
		"sys/fs/cgroup/pod/app/cpu.max": "max 100000\n", "sys/fs/cgroup/pod/app/memory.max": "max\n",
		"sys/fs/cgroup/pod/app/cpu.stat": "usage_usec 9\n",
	}))
	require.NoError(t, err)
	assert.Equal(t, Stats{}, g.Read())
}

// In a container, the group is the root of what it sees.
func TestTheRootOfANamespaceIsAGroup(t *testing.T) {
	files := tree(map[string]string{
		"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cgroup.controllers": "cpu\n", "sys/fs/cgroup/cpu.max": "150000 100000\n",
	})
	g, err := Find(files)
	require.NoError(t, err)
	assert.InDelta(t, 1.5, *g.Read().CPULimit, 0)
}

func TestWhereThereAreNoGroupsThereIsNone(t *testing.T) {
	_, err := Find(fstest.MapFS{})
	assert.ErrorIs(t, err, ErrNone)
	_, err = Find(tree(map[string]string{"proc/self/cgroup": "1:cpuset:/old\n"}))
	assert.ErrorIs(t, err, ErrNone)
	_, err = Find(tree(map[string]string{"proc/self/mountinfo": "22 1 0:5 / /proc rw - proc proc rw\n"}))
	assert.ErrorIs(t, err, ErrNone)
}

// As on hosts of systemd's hybrid kind: cpu and memory are in version 1, and
// version 2 is there without them.
func hybrid(more map[string]string) fstest.MapFS {
	all := map[string]string{
		"proc/self/cgroup": "4:cpu,cpuacct:/pod/app\n3:memory:/pod/app\n0::/pod/app\n",
		"proc/self/mountinfo": "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n" +
			"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		"sys/fs/cgroup/pod/app/cpu.stat": "usage_usec 1\n",
	}
	for _, dir := range []string{"", "/pod", "/pod/app"} {
		all["sys/fs/cgroup/cpu,cpuacct"+dir+"/cgroup.procs"] = ""
		all["sys/fs/cgroup/memory"+dir+"/cgroup.procs"] = ""
	}
	for name, text := range more {
		all[name] = text
	}
	return tree(all)
}

func TestVersionOneSaysTheSameInOtherFiles(t *testing.T) {
	g, err := Find(hybrid(map[string]string{
		"sys/fs/cgroup/cpu,cpuacct/cpu.stat":                 "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
		"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":         "-1\n",
		"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":        "100000\n",
		"sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_quota_us":     "50000\n",
		"sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_period_us":    "100000\n",
		"sys/fs/cgroup/cpu,cpuacct/pod/cpu.stat":             "nr_periods 10\nnr_throttled 4\nthrottled_time 1500000000\n",
		"sys/fs/cgroup/cpu,cpuacct/pod/app/cpu.stat":         "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n",
		"sys/fs/cgroup/memory/memory.limit_in_bytes":         "9223372036854771712\n",
		"sys/fs/cgroup/memory/pod/app/memory.limit_in_bytes": "1073741824\n",
		"sys/fs/cgroup/memory/pod/app/memory.usage_in_bytes": "4096\n",
	}))
	require.NoError(t, err)
	s := g.Read()
	assert.InDelta(t, 0.5, *s.CPULimit, 0)
	assert.Equal(t, Throttling{Periods: 10, Throttled: 4, Time: 1500 * time.Millisecond}, *s.Throttling)
	assert.Equal(t, uint64(1<<30), *s.MemoryLimit)
	assert.Equal(t, uint64(4096), *s.MemoryCurrent)
	assert.Equal(t, []Level{
		{"/pod/app", Throttling{Periods: 1}}, {"/pod", Throttling{10, 4, 1500 * time.Millisecond}}, {"/", Throttling{}},
	}, g.Levels())
}

// A container of version 1 has no namespace for its groups: it sees the host's path
// of its group, which is the root of what is mounted.
func TestAContainerOfVersionOneSeesItsOwnGroupAsTheRoot(t *testing.T) {
	g, err := Find(tree(map[string]string{
		"proc/self/cgroup":                    "4:cpu:/docker/abc/inner\n",
		"proc/self/mountinfo":                 "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
		"sys/fs/cgroup/cpu/cgroup.procs":      "",
		"sys/fs/cgroup/cpu/cpu.stat":          "nr_periods 7\nnr_throttled 3\nthrottled_time 1\n",
		"sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "150000\n",
		"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
	}))
	require.NoError(t, err)
	assert.InDelta(t, 1.5, *g.Read().CPULimit, 0)
	assert.Equal(t, []Level{{"/", Throttling{Periods: 7, Throttled: 3, Time: 1}}}, g.Levels())
}

// In version 2 a group without a limit counts no periods, and a file of another
// kind says nothing.
func TestALevelWithoutALimitCountsNothingAndOneThatDoesNotTellIsLeftOut(t *testing.T) {
	g, err := Find(tree(map[string]string{
		"sys/fs/cgroup/cgroup.controllers": "cpu\n", "sys/fs/cgroup/cpu.stat": "usage_usec 9\nuser_usec 1\n",
		"sys/fs/cgroup/pod/cpu.stat":     "usage_usec 9\nnr_periods 10\nnr_throttled 4\n",
		"sys/fs/cgroup/pod/app/cpu.stat": "nr_periods 0\n",
	}))
	require.NoError(t, err)
	assert.Equal(t, []Level{{"/pod", Throttling{Periods: 10, Throttled: 4}}, {Path: "/"}}, g.Levels())
}

func TestFilesThatMakeNoSenseAreLeftOut(t *testing.T) {
	g, err := Find(tree(map[string]string{
		"sys/fs/cgroup/pod/app/cpu.max": "x\n", "sys/fs/cgroup/pod/app/memory.max": "-1\n", "sys/fs/cgroup/pod/app/cpu.stat": "nr_periods many\n",
	}))
	require.NoError(t, err)
	assert.Equal(t, Stats{}, g.Read())
}
