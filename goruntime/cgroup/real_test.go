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

// asBurner has the test binary burn a processor until its group says that it was
// throttled for long enough, and then print all that its group says.
const asBurner = "LOADTRACE_TEST_BURNER"

const (
	longEnough = 100 * time.Millisecond
	// patience is how long it burns if it is never throttled. How long it takes is the
	// machine's affair: to be throttled, it must get more of a processor than its limit.
	patience = time.Minute
)

func TestMain(m *testing.M) {
	if os.Getenv(asBurner) == "" {
		os.Exit(m.Run())
	}
	g, err := cgroup.Self()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(burn(g, time.Now().Add(patience)))
}

// burn a processor until the group was throttled for long enough. What is returned was
// read while nothing changed.
func burn(g *cgroup.Group, end time.Time) (s said) {
	for time.Now().Before(end) {
		s = said{g.Read(), g.Levels()}
		t, again := s.Stats.Throttling, g.Read().Throttling
		if t != nil && t.Time > longEnough && t.Periods >= 3 && *again == *t {
			break
		}
	}
	return s
}

type said struct {
	Stats  cgroup.Stats
	Levels []cgroup.Level
}

// The kernel throttles the process for most of each period.
func TestAProcessThatUsesUpItsLimitIsThrottledForReal(t *testing.T) {
	const limit = 0.1
	group := cgrouptest.Limited(t, limit)
	cmd := exec.Command(os.Args[0])
	group.Wrap(cmd)
	cmd.Env, cmd.Stderr = append(os.Environ(), asBurner+"=1"), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var got said
	require.NoError(t, json.Unmarshal(out, &got))

	require.NotNil(t, got.Stats.CPULimit)
	assert.InDelta(t, limit, *got.Stats.CPULimit, 1e-9)
	require.NotNil(t, got.Stats.Throttling)
	assert.GreaterOrEqual(t, got.Stats.Throttling.Periods, uint64(3))
	assert.Positive(t, got.Stats.Throttling.Throttled)
	assert.Greater(t, got.Stats.Throttling.Time, longEnough)
	require.NotEmpty(t, got.Levels)
	assert.Equal(t, *got.Stats.Throttling, got.Levels[0].Throttling, "the limit is the process's own group's")
}
