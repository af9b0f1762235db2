package goruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The runtime's own trace has the truth also where collections follow each other
// without a rest, as near a memory limit. There the watch once took the process for
// idle when it saw the end of a cycle soon, and gave the next a begin that was too
// late by 15 ms.
func TestCycleBoundsHoldAgainstGCTrace(t *testing.T) {
	for name, env := range map[string][]string{
		"near the memory limit": {"GOMEMLIMIT=15MiB", "GOGC=off"},
		"one after another":     {"GOGC=100", "GORUNTIME_TEST_FORCED=1"},
	} {
		t.Run(name, func(t *testing.T) {
			cycles, truth := tracedProcess(t, env)
			checked, early := 0, 0
			for _, c := range cycles {
				p, ok := truth[c.Number]
				if !ok {
					continue
				}
				checked++
				begin := c.End.Add(-p.whole)
				assert.LessOrEqual(t, c.Earliest.Sub(begin), p.first+p.rounding, "cycle %d began before the earliest begin", c.Number)
				assert.LessOrEqual(t, begin.Sub(c.Latest), p.rounding, "cycle %d began after the latest begin", c.Number)
				if c.Earliest.After(begin.Add(-time.Second)) {
					early++
				}
			}
			require.Greater(t, checked, 10)
			require.Equal(t, checked, early, "bounds that say nothing hold, too")
		})
	}
}

// printed is a cycle in the runtime's trace: how long it took, and the sweep
// termination at its begin, within which its first pause lies.
type printed struct{ whole, first, rounding time.Duration }

var gcLine = regexp.MustCompile(`^gc (\d+) @[\d.]+s \d+%: ([\d.]+)\+([\d.]+)\+([\d.]+) ms clock`)

// tracedProcess runs this test's binary again, with the trace, and returns what its
// watch reported and what its runtime printed.
func tracedProcess(t *testing.T, env []string) (cycles []Cycle, truth map[uint64]printed) {
	program, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run=^TestWatchedProcess$")
	var out, trace bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trace
	cmd.Env = append(os.Environ(), append(env, "GODEBUG=gctrace=1", "GORUNTIME_TEST_WATCHED=1")...)
	require.NoError(t, cmd.Run(), trace.String())
	first, _, _ := strings.Cut(out.String(), "\n")
	require.NoError(t, json.Unmarshal([]byte(first), &cycles))
	truth = map[uint64]printed{}
	for line := range strings.Lines(trace.String()) {
		if m := gcLine.FindStringSubmatch(line); m != nil {
			n, err := strconv.ParseUint(m[1], 10, 64)
			require.NoError(t, err)
			truth[n] = printedOf(t, m[2:])
		}
	}
	return cycles, truth
}

// printedOf the phases of a line, which have two digits or three: whole milliseconds
// from 10 ms on.
func printedOf(t *testing.T, phases []string) (p printed) {
	p.rounding = 100 * time.Microsecond // of the wall clock, which the runtime reads apart
	for i, phase := range phases {
		d, err := time.ParseDuration(phase + "ms")
		require.NoError(t, err)
		if p.whole += d; i == 0 {
			p.first = d
		}
		if p.rounding += d / 10; d >= 10*time.Millisecond {
			p.rounding += time.Millisecond - d/10
		}
	}
	return p
}

// TestWatchedProcess is not a test: it is the process whose cycles are traced.
func TestWatchedProcess(t *testing.T) {
	if os.Getenv("GORUNTIME_TEST_WATCHED") == "" {
		t.Skip("runs in a process of its own")
	}
	const least, enough, seconds = 20, 300, 3 * time.Second
	began := time.Now()
	var cycles []Cycle
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { allocate(ctx) })
	if os.Getenv("GORUNTIME_TEST_FORCED") != "" {
		wg.Go(func() {
			for ctx.Err() == nil {
				runtime.GC()
			}
		})
	}
	newWatcher().watch(ctx, cycleLook, func(c Cycle) {
		cycles = append(cycles, c)
		if len(cycles) == enough || len(cycles) >= least && time.Since(began) > seconds {
			cancel()
		}
	})
	cancel()
	wg.Wait()
	require.NoError(t, json.NewEncoder(os.Stdout).Encode(cycles))
}
