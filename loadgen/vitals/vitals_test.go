package vitals

import (
	"maps"
	"math"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree is a source made of files, on a system with version 2 of cgroups.
func tree(files map[string]string) Source {
	all := fstest.MapFS{}
	for _, more := range []map[string]string{{
		"proc/self/mountinfo":               "30 25 0:26 / /cgroup rw - cgroup2 cgroup2 rw\n",
		"cgroup/cgroup.controllers":         "cpu\n",
		"cgroup/pod/cgroup.controllers":     "cpu\n",
		"cgroup/pod/box/cgroup.controllers": "cpu\n",
	}, files} {
		for name, text := range more {
			all[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return Source{root: all}
}

func TestTheWorstThrottledCgroupAroundTheProcessCounts(t *testing.T) {
	files := map[string]string{
		"proc/self/cgroup":        "12:cpuset:/old\n0::/pod/box\n",
		"cgroup/pod/box/cpu.stat": "usage_usec 1\nnr_periods 1000\nnr_throttled 10\nthrottled_usec 5\n",
		"cgroup/pod/cpu.stat":     "usage_usec 1\nnr_periods 500\nnr_throttled 0\n",
		"cgroup/cpu.stat":         "usage_usec 99\nuser_usec 1\n",
		"proc/stat":               "cpu  100 0 100 700 0 0 0 100 7 0\ncpu0 1 2 3\n",
	}
	before := tree(files).Read()
	maps.Copy(files, map[string]string{
		"cgroup/pod/box/cpu.stat": "usage_usec 2\nnr_periods 1100\nnr_throttled 11\n",
		"cgroup/pod/cpu.stat":     "usage_usec 2\nnr_periods 600\nnr_throttled 25\n",
		"proc/stat":               "cpu  150 0 150 770 0 0 0 130 9 0\n",
	})
	got := Between(before, tree(files).Read())
	require.NotNil(t, got.CPUThrottled)
	assert.InDelta(t, 0.25, *got.CPUThrottled, 1e-9)
	require.NotNil(t, got.CPUSteal)
	assert.InDelta(t, 0.15, *got.CPUSteal, 1e-9, "30 of 200 ticks")
	assert.Empty(t, got.Unknown())
}

func TestACgroupWithoutALimitIsNotThrottled(t *testing.T) {
	s := tree(map[string]string{"proc/self/cgroup": "0::/\n", "cgroup/cpu.stat": "usage_usec 5\n"})
	got := Between(s.Read(), s.Read())
	require.NotNil(t, got.CPUThrottled)
	assert.Zero(t, *got.CPUThrottled)
}

func TestWhatASystemDoesNotTellIsNotKnown(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing":           {},
		"no cpu controller": {"proc/self/cgroup": "1:cpuset:/a\n"},
		"not numbers":       {"proc/self/cgroup": "0::/x\n", "proc/stat": "cpu a b c d e f g h\n"},
		"an old stat":       {"proc/stat": "cpu 1 2 3 4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tree(files)
			got := Between(s.Read(), s.Read())
			assert.Nil(t, got.CPUThrottled)
			assert.Nil(t, got.CPUSteal)
			assert.Len(t, got.Unknown(), 2)
		})
	}
	assert.Len(t, Between(Reading{}, Reading{}).Unknown(), 3)
}

func TestTheSchedulersLatencyIsTheUpperBoundOfItsBucket(t *testing.T) {
	bounds := []float64{0, 0.001, 0.01, math.Inf(1)}
	before := histogram{counts: []uint64{50, 0, 0}, bounds: bounds}
	for counts, want := range map[[3]uint64]float64{
		{50, 0, 0}:   0,
		{149, 1, 0}:  0.001,
		{148, 2, 0}:  0.01,
		{148, 0, 50}: 0.01,
	} {
		got := quantile(0.99, before, histogram{counts: counts[:], bounds: bounds})
		require.NotNil(t, got)
		assert.Equal(t, want, *got, "%v", counts)
	}
}

// More goroutines that burn than processors make others wait for one. A machine that
// has little time for the process shows it late, since the runtime measures only one
// wait of eight: it burns until then, or for a minute in a test that fails.
func TestGoroutinesThatWaitForAProcessorAreSeen(t *testing.T) {
	before := System().Read()
	waited := 0.0
	for began := time.Now(); waited <= 0.01 && time.Since(began) < time.Minute; {
		burn(8*runtime.GOMAXPROCS(0), 300*time.Millisecond)
		got := Between(before, System().Read())
		require.NotNil(t, got.SchedulerLatency)
		waited = *got.SchedulerLatency
	}
	assert.Greater(t, waited, 0.01)
}

func burn(goroutines int, d time.Duration) {
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for time.Now().Before(end) {
			}
		})
	}
	wg.Wait()
}
