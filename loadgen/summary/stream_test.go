package summary

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

var method = &loadgen.Target{
	Method: "auth.v1.Auth/Validate", URL: "grpc://127.0.0.1:9090/auth.v1.Auth/Validate", Scheme: "grpc", RPC: true,
}

func called(seq uint64, code int) loadgen.Record {
	r := sent(1, seq, 0, 0, time.Millisecond)
	r.Target, r.Status = method, code
	return r
}

func TestCodesOfBothProtocolsAreNotMixedUp(t *testing.T) {
	a := New(plan("http", "grpc"), runID, began)
	r := sent(0, 0, 0, 0, time.Millisecond)
	a.Add(&r)
	for i, code := range []int{0, 0, 0, 14, 4, 16, 200, -1} {
		r := called(uint64(i), code)
		a.Add(&r)
	}
	r = failed(called(8, 0), loadgen.ErrorTimeout, "deadline exceeded")
	r.Status = 4
	a.Add(&r)
	accounts := []runner.Account{{Planned: 1, Given: 1, Recorded: 1}, {Planned: 9, Given: 9, Recorded: 9}}
	s := a.Summary(began.Add(time.Second), Conclusion{Accounts: accounts})
	require.Empty(t, s.Faults)

	assert.Equal(t, map[string]uint64{"200": 1}, s.Attacks[0].Status)
	grpc := map[string]uint64{"OK": 3, "UNAVAILABLE": 1, "DEADLINE_EXCEEDED": 1, "UNAUTHENTICATED": 1, "other": 2}
	assert.Equal(t, grpc, s.Attacks[1].Status)
	grpc["200"] = 1
	assert.Equal(t, grpc, s.Total.Status)
	assert.EqualValues(t, 3, s.Attacks[1].Requests.OK)
	assert.EqualValues(t, 4, s.Total.Requests.OK)
	assert.EqualValues(t, 5, a.Snapshot(began, accounts).BadStatus)
	assert.Equal(t, "DEADLINE_EXCEEDED", s.Failures[0].Code)
	for _, slow := range s.Slowest {
		assert.NotEqual(t, slow.Code != "", slow.Status != 0, "one of the two")
	}
}

func TestStreamsEqualANaiveComputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		durations := rapid.Map(rapid.Int64Range(1, 1e9), func(n int64) time.Duration { return time.Duration(n) })
		a := New(plan("a", "b"), runID, began)
		want, gaps, least := Stream{}, 0, time.Hour
		for i := range rapid.IntRange(0, 50).Draw(t, "calls") {
			s := loadgen.Stream{Sent: rapid.IntRange(0, 5).Draw(t, "sent"), Received: rapid.IntRange(0, 5).Draw(t, "received")}
			if s.Received > 0 {
				s.First = durations.Draw(t, "first")
				s.Gaps = rapid.SliceOfN(durations, s.Received-1, s.Received-1).Draw(t, "gaps")
				least = min(least, s.First)
				want.First.Count++
			}
			want.Calls++
			want.Sent += uint64(s.Sent)
			want.Received += uint64(s.Received)
			gaps += len(s.Gaps)
			r := called(uint64(i), 0)
			r.Attack, r.Stream = i%2, &s
			a.Add(&r)
		}
		s := a.Summary(began, Conclusion{})
		if want.Calls == 0 {
			require.Nil(t, s.Total.Stream)
			return
		}
		got := s.Total.Stream
		require.Equal(t, []uint64{want.Calls, want.Sent, want.Received}, []uint64{got.Calls, got.Sent, got.Received})
		require.Equal(t, want.First.Count, got.First.Count)
		require.EqualValues(t, gaps, got.Gap.Count)
		if got.First.Count > 0 {
			require.InEpsilon(t, least.Seconds(), float64(got.First.Min), 1e-9)
		}
	})
}

// The engine uses a stream again when the sink has returned, so whoever kept it
// would keep another call's.
func TestNothingOfAStreamIsKept(t *testing.T) {
	a := New(plan("a", "b"), runID, began)
	r := called(0, 0)
	r.Stream = &loadgen.Stream{Received: 1, First: time.Second}
	a.Add(&r)
	r = failed(called(1, 0), loadgen.ErrorTimeout, "")
	r.Stream = &loadgen.Stream{}
	a.Add(&r)
	kept := slices.Concat(a.attacks[1].slowest.kept, a.attacks[1].failures[loadgen.ErrorTimeout].first)
	require.Len(t, kept, 3)
	for _, k := range kept {
		assert.Nil(t, k.Stream)
	}
}

func TestAddingAStreamAllocatesNothingInTheSteadyState(t *testing.T) {
	a := New(plan("a", "b"), runID, began)
	r := called(0, 0)
	r.Stream = &loadgen.Stream{Received: 3, First: time.Millisecond, Gaps: []time.Duration{time.Microsecond, time.Microsecond}}
	for range 100_000 { // buckets widen as they fill
		a.Add(&r)
	}
	assert.Zero(t, testing.AllocsPerRun(1000, func() { a.Add(&r) }))
}
