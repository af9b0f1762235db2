package cgroup_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
	"github.com/loadtrace/loadtrace/goruntime/cgroup/cgrouptest"
)

// asBurner has the test binary burn a processor, and then print what its group
// says.
const asBurner = "LOADTRACE_TEST_BURNER"

func TestMain(m *testing.M) {
	if os.Getenv(asBurner) == "" {
		os.Exit(m.Run())
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
	}
	g, err := cgroup.Self()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(said{g.Read(), g.Levels()})
}

type said struct {
	Stats  cgroup.Stats
	Levels []cgroup.Level
}

// The kernel throttles the process for most of each period.
func TestAProcessThatUsesUpItsLimitIsThrottledForReal(t *testing.T) {
	group := cgrouptest.Limited(t, 0.25)
	cmd := exec.Command(os.Args[0])
	group.Wrap(cmd)
	cmd.Env, cmd.Stderr = append(os.Environ(), asBurner+"=1"), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var got said
	require.NoError(t, json.Unmarshal(out, &got))

	require.NotNil(t, got.Stats.CPULimit)
	assert.InDelta(t, 0.25, *got.Stats.CPULimit, 1e-9)
	require.NotNil(t, got.Stats.Throttling)
	assert.GreaterOrEqual(t, got.Stats.Throttling.Periods, uint64(3))
	assert.Positive(t, got.Stats.Throttling.Throttled)
	assert.Greater(t, got.Stats.Throttling.Time, 100*time.Millisecond)
	require.NotEmpty(t, got.Levels)
	assert.Equal(t, *got.Stats.Throttling, got.Levels[0].Throttling, "the limit is the process's own group's")
}
