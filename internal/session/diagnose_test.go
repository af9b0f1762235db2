package session_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// leaky starts a goroutine for each request, if it leaks, and serves pprof beside it.
func leaky(t *testing.T, leaks bool) string {
	done := make(chan struct{})
	var left sync.WaitGroup
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		if leaks {
			left.Go(func() { <-done })
		}
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.Close(); close(done); left.Wait() })
	return s.URL
}

// The target sends no telemetry: profiles alone show the leak.
func TestALeakIsNamedFromTheTargetsProfilesAndAHealthyTargetHasNone(t *testing.T) {
	for _, leaks := range []bool{true, false} {
		run := start(t, options(t, leaky(t, leaks), "{constant: 50/s, duration: 7s}", "profiles: {url: auto, cpu: 1s}"))
		result, err := run.Result()
		require.NoError(t, err)
		s := &result.Summary
		require.NotNil(t, s.Diagnosis)
		assert.Contains(t, s.Diagnosis.Looked, "profiles")
		assert.Len(t, s.Diagnosis.Blind, 3)
		assert.GreaterOrEqual(t, s.Diagnosis.Profiles.Taken, 9)
		assert.NotEmpty(t, result.Profiles)
		var kinds []summary.FindingKind
		for _, f := range s.Findings {
			if f.Kind != summary.FindingGenerator { // the machine's
				kinds = append(kinds, f.Kind)
			}
		}
		if !leaks {
			assert.Empty(t, kinds)
			continue
		}
		require.Equal(t, []summary.FindingKind{summary.FindingGoroutineLeak}, kinds)
		assert.Contains(t, s.Findings[0].Sentence, "wait for ever in a channel receive at diagnose_test.go:")
	}
}

func TestARunThatMayNotAskForProfilesDoesNot(t *testing.T) {
	var asked atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			asked.Store(true)
		}
	}))
	defer s.Close()
	result, err := start(t, options(t, s.URL, "{max: {workers: 1}, count: 10}", "")).Result()
	require.NoError(t, err)
	assert.False(t, asked.Load())
	assert.Nil(t, result.Summary.Diagnosis.Profiles)
	assert.Empty(t, result.Profiles)
}

// A run whose user has had enough does not wait for the profiles after the load.
func TestAHurryEndsTheProfilesToo(t *testing.T) {
	run := start(t, options(t, leaky(t, false), "{constant: 50/s, duration: 1h}", "profiles: {url: auto}"))
	require.Eventually(t, func() bool { return run.Progress().Sent > 0 }, time.Minute, 10*time.Millisecond)
	run.Cancel()
	result, err := run.Result()
	require.NoError(t, err)
	for _, p := range result.Profiles {
		assert.NotContains(t, p.Name, "after")
	}
}
