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
		"proc/self/cgroup":                         "1:cpu:/old\n0::/pod/app\n",
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

func TestAHostOfVersionOneOrNotLinuxHasNone(t *testing.T) {
	_, err := Find(fstest.MapFS{})
	assert.ErrorIs(t, err, ErrNone)
	_, err = Find(tree(map[string]string{"proc/self/cgroup": "1:cpu:/old\n"}))
	assert.ErrorIs(t, err, ErrNone)
	_, err = Find(tree(map[string]string{"proc/self/mountinfo": "22 1 0:5 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"}))
	assert.ErrorIs(t, err, ErrNone)
}

func TestFilesThatMakeNoSenseAreLeftOut(t *testing.T) {
	g, err := Find(tree(map[string]string{
		"sys/fs/cgroup/pod/app/cpu.max": "x\n", "sys/fs/cgroup/pod/app/memory.max": "-1\n", "sys/fs/cgroup/pod/app/cpu.stat": "nr_periods many\n",
	}))
	require.NoError(t, err)
	assert.Equal(t, Stats{}, g.Read())
}
