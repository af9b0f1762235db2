package goprofile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

func taken(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, pprof.Lookup(name).WriteTo(&out, 0))
	return out.Bytes()
}

func park(done chan struct{}) { <-done }

// parked starts goroutines that wait, and returns when all do.
func parked(t *testing.T, n int) {
	done := make(chan struct{})
	for range n {
		go park(done)
	}
	t.Cleanup(func() { close(done) })
	require.Eventually(t, func() bool {
		var out bytes.Buffer
		assert.NoError(t, pprof.Lookup("goroutine").WriteTo(&out, 1))
		return strings.Contains(out.String(), fmt.Sprintf("%d @", n)) && strings.Contains(out.String(), "goprofile.park")
	}, 5*time.Second, time.Millisecond)
}

func TestGoroutinesComeByStackWithTheLineThatWaits(t *testing.T) {
	parked(t, 37)
	groups, total, err := Goroutines(taken(t, "goroutine"))
	require.NoError(t, err)
	require.NotEmpty(t, groups)
	g := groups[0]
	assert.Equal(t, 37, g.Count)
	assert.Greater(t, total, 37)
	assert.Equal(t, diagnosis.Receive, g.Stack.Waits())
	blocked, ok := g.Stack.Blocked()
	require.True(t, ok)
	assert.Equal(t, "goprofile.park", blocked.Short())
	assert.Contains(t, blocked.Place(), "goprofile_test.go:")
}

func TestADumpTellsWhoCreatedAGoroutineOfAProfile(t *testing.T) {
	parked(t, 29)
	groups, _, err := Goroutines(taken(t, "goroutine"))
	require.NoError(t, err)
	var dump bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&dump, 2))
	by, ok := Dump(dump.Bytes(), false).Creators[groups[0].Stack.Key()]
	require.True(t, ok, "the stacks of dump and profile must have one key")
	assert.Equal(t, "goprofile.parked", by.Short())
	assert.Positive(t, by.Line)
}

func TestADumpMayEndAnywhere(t *testing.T) {
	parked(t, 3)
	var dump bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&dump, 2))
	for n := 0; n < dump.Len(); n += 13 {
		Dump(dump.Bytes()[:n], true)
	}
	assert.True(t, Dump(nil, true).Cut)
}

var kept [][]byte

func allocate() {
	for range 64 {
		kept = append(kept, make([]byte, 1<<20))
	}
}

func TestWhatWasAllocatedBetweenTwoProfilesHasThePlaceThatAllocated(t *testing.T) {
	runtime.GC()
	before := taken(t, "heap")
	allocate()
	kept = nil
	runtime.GC()
	runtime.GC()
	sum, sites, err := Between(before, taken(t, "heap"), "alloc_space")
	require.NoError(t, err)
	assert.InDelta(t, 64<<20, sum, 16<<20)
	place, _ := sites[0].Stack.Blocked()
	assert.Equal(t, "goprofile.allocate", place.Short())
	assert.Greater(t, sites[0].Share, 0.8)
}

func TestWhatIsNoProfileIsAnErrorAndNoPanic(t *testing.T) {
	good := taken(t, "goroutine")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 65 {
		_, err := z.Write(zeros)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("<html>not found</html>"), "cut": good[:len(good)/2], "a bomb": bomb.Bytes(), "gzip's head": good[:5],
	} {
		_, _, err := Goroutines(data)
		assert.Error(t, err, name)
		_, err = CPU(data)
		assert.Error(t, err, name)
		_, _, err = Between(data, good, "alloc_space")
		assert.Error(t, err, name)
	}
	_, _, err := Goroutines(bomb.Bytes())
	assert.ErrorContains(t, err, "larger than 64 MiB")
}

func TestNamesAreCutToTheirEnd(t *testing.T) {
	d := Dump([]byte("goroutine 1 [select]:\n"+strings.Repeat("x", 10_000)+".wait()\n\t/a.go:7 +0x1\ncreated by main.main in goroutine 1\n\t/main.go:3 +0x1\n"), false)
	for key := range d.Creators {
		assert.LessOrEqual(t, len(key), mostName+10)
		assert.Contains(t, key, "x.wait:7")
	}
	assert.Len(t, d.Creators, 1)
}

func FuzzProfiles(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0x00, 0x12, 0x04, 0x0a, 0x02, 0x01, 0x02})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _, _ = Goroutines(data)
		_, _ = CPU(data)
		_, _, _ = Between(data, data, "delay")
		Dump(data, false)
	})
}

func TestTheCPUProfileHasFunctionsWithWhatTheyCalled(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&out))
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		spin()
	}
	pprof.StopCPUProfile()
	cpu, err := CPU(out.Bytes())
	require.NoError(t, err)
	assert.Positive(t, cpu.Duration)
	if cpu.Busy == 0 {
		t.Skip("this machine gave the profiler no processor time")
	}
	found := false
	for _, f := range cpu.Functions {
		found = found || strings.HasSuffix(f.Function, "TestTheCPUProfileHasFunctionsWithWhatTheyCalled")
	}
	assert.True(t, found)
}

//go:noinline
func spin() {
	for i := range 100_000 {
		_ = i
	}
}
