package pace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func schedule(t require.TestingT, stages ...pace.Stage) *pace.Schedule {
	s, err := pace.New(stages)
	require.NoError(t, err)
	return s
}

// times of all requests of a schedule without a closed loop.
func times(t require.TestingT, s *pace.Schedule) []time.Duration {
	planned, exact := s.Planned()
	require.True(t, exact)
	at := make([]time.Duration, planned)
	for n := range at {
		offset, ok := s.At(uint64(n))
		require.True(t, ok, "request %d of %d", n, planned)
		at[n] = offset
	}
	_, ok := s.At(planned)
	require.False(t, ok, "a request beyond those planned")
	return at
}
