//go:build linux

package memorytest

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// caseEnv names the case that a child runs.
const caseEnv = "LOADTRACE_TEST_MEMORY"

// The most memory beside twice the budget: resident, and of the heap after a collection.
const (
	restResident = 150_000_000
	restHeap     = 25_000_000
)

// EachCase runs each case in a child of its own: fill sends the case's payloads, and calls
// look after each. The child fails if it ever took more than twice the budget and 150 MB
// of resident memory. The race detector's own memory hides that; with it, the heap in use
// is looked at instead.
func EachCase(t *testing.T, budget int, cases []string, fill func(t *testing.T, name string, look func())) {
	if name := os.Getenv(caseEnv); name != "" {
		measure(t, budget, func(look func()) { fill(t, name, look) })
		return
	}
	for _, name := range cases {
		t.Run(name, func(t *testing.T) { child(t, name) })
	}
}

// child runs one case, with the collector's defaults, whatever the environment says.
func child(t *testing.T, name string) {
	test, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), caseEnv+"="+name, "GOGC=100", "GOMEMLIMIT=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "memory at most", "it ran")
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte("memory at most")) {
			t.Logf("%s", bytes.TrimSpace(line))
		}
	}
}

func measure(t *testing.T, budget int, fill func(look func())) {
	began, looks, most, limit := time.Now(), 0, uint64(0), uint64(2*budget)
	fill(func() {
		if looks++; Raced && looks%10 == 0 {
			most = max(most, heap())
		}
	})
	if Raced {
		limit += restHeap
	} else {
		limit += restResident
		most = peak(t)
	}
	assert.Less(t, most, limit, "bytes of memory")
	t.Logf("memory at most %d MB, %d payloads, %v", most/1_000_000, looks, time.Since(began).Round(time.Millisecond))
}

// heap in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// peak of resident memory, in bytes. It is not getrusage's, which has that of the parent.
func peak(t *testing.T) uint64 {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range bytes.Lines(status) {
		if kb, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			n, err := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(kb), []byte(" kB"))), 10, 64)
			require.NoError(t, err)
			return n << 10
		}
	}
	t.Fatal("/proc/self/status has no VmHWM")
	return 0
}
