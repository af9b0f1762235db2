package service

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/loadtrace/loadtrace/internal/demotarget/store"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

var (
	key = token.Key("test")
	now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// fixture is a service over the demo records in memory, with a count of what was
// asked of them.
type fixture struct {
	*Service
	lookups int
	fault   error // of the next lookups
	log     bytes.Buffer
}

func newFixture(t *testing.T, cached int) *fixture {
	cache, err := NewCache(cached)
	require.NoError(t, err)
	f := &fixture{}
	records := token.DemoRecords(key)
	f.Service = New(key, cache, func(_ context.Context, d token.Digest) (token.Claims, error) {
		f.lookups++
		if f.fault != nil {
			return token.Claims{}, f.fault
		}
		claims, ok := records[d]
		if !ok {
			return claims, store.ErrNotFound
		}
		return claims, nil
	}, slog.New(slog.NewTextHandler(&f.log, nil)))
	return f
}

func TestAGoodTokenGivesItsClaims(t *testing.T) {
	f := newFixture(t, 10)
	got, err := f.Validate(t.Context(), now, "demo-0003")
	require.NoError(t, err)
	assert.Equal(t, token.DemoClaims(3), got)
	assert.Contains(t, f.log.String(), `msg="token accepted" subject=user-0003`)
	assert.NotContains(t, f.log.String(), "demo-0003", "a token is never logged")
}

func TestATokenIsRefusedWithTheReason(t *testing.T) {
	f := newFixture(t, 10)
	for raw, want := range map[string]error{
		"":          ErrMissing,
		"demo-9999": ErrUnknown,
		"demo-0020": ErrExpired,
	} {
		_, err := f.Validate(t.Context(), now, raw)
		require.ErrorIs(t, err, want, "token %q", raw)
	}
}

func TestACachedTokenIsNotLookedUpAgainForAMinute(t *testing.T) {
	f := newFixture(t, 10)
	for _, at := range []time.Duration{0, time.Second, time.Minute - 1} {
		_, err := f.Validate(t.Context(), now.Add(at), "demo-0001")
		require.NoError(t, err)
	}
	assert.Equal(t, 1, f.lookups)
	_, err := f.Validate(t.Context(), now.Add(time.Minute), "demo-0001")
	require.NoError(t, err)
	assert.Equal(t, 2, f.lookups, "after a minute the store is asked again")
}

func TestACachedTokenStillExpires(t *testing.T) {
	f := newFixture(t, 10)
	expiry := token.DemoClaims(1).ExpiresAt
	_, err := f.Validate(t.Context(), expiry.Add(-time.Second), "demo-0001")
	require.NoError(t, err)
	_, err = f.Validate(t.Context(), expiry, "demo-0001")
	require.ErrorIs(t, err, ErrExpired)
	assert.Equal(t, 1, f.lookups)
}

func TestAFullCacheForgetsTheTokenUsedLongestAgo(t *testing.T) {
	f := newFixture(t, 2)
	for _, raw := range []string{"demo-0001", "demo-0002", "demo-0001", "demo-0003"} {
		_, err := f.Validate(t.Context(), now, raw)
		require.NoError(t, err)
	}
	require.Equal(t, 3, f.lookups)
	_, err := f.Validate(t.Context(), now, "demo-0001")
	require.NoError(t, err)
	assert.Equal(t, 3, f.lookups, "demo-0001 was used since")
	_, err = f.Validate(t.Context(), now, "demo-0002")
	require.NoError(t, err)
	assert.Equal(t, 4, f.lookups, "demo-0002 was displaced")
}

func TestAnUnknownTokenTakesNoPlaceInTheCache(t *testing.T) {
	f := newFixture(t, 1)
	for _, raw := range []string{"demo-0001", "guess", "demo-0001"} {
		_, _ = f.Validate(t.Context(), now, raw)
	}
	assert.Equal(t, 2, f.lookups, "demo-0001 and the guess, once each")
}

func TestAStoreThatFailsIsUnavailableAndNotCached(t *testing.T) {
	f := newFixture(t, 10)
	f.fault = errors.New("boom")
	_, err := f.Validate(t.Context(), now, "demo-0001")
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "boom")
	assert.Contains(t, f.log.String(), "level=ERROR")
	f.fault = nil
	_, err = f.Validate(t.Context(), now, "demo-0001")
	require.NoError(t, err)
}

func TestACallerThatWentAwayIsNoFaultOfTheStore(t *testing.T) {
	f := newFixture(t, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.fault = ctx.Err()
	_, err := f.Validate(ctx, now, "demo-0001")
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrUnavailable)
	assert.Empty(t, f.log.String())
}

func TestTheCacheIsMeasured(t *testing.T) {
	f := newFixture(t, 1)
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	require.NoError(t, f.cache.Observe(meter))
	for _, raw := range []string{"demo-0001", "demo-0001", "demo-0002"} {
		_, err := f.Validate(t.Context(), now, raw)
		require.NoError(t, err)
	}
	assert.Equal(t, map[string]int64{
		"auth.cache.lookups hit": 1, "auth.cache.lookups miss": 2,
		"auth.cache.evictions ": 1, "auth.cache.size ": 1,
	}, collect(t, reader))
}

// collect is the metrics by name and result.
func collect(t *testing.T, reader sdkmetric.Reader) map[string]int64 {
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	got := map[string]int64{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		var points []metricdata.DataPoint[int64]
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			points = data.DataPoints
		case metricdata.Gauge[int64]:
			points = data.DataPoints
		}
		for _, p := range points {
			result, _ := p.Attributes.Value("result")
			got[m.Name+" "+result.AsString()] = p.Value
		}
	}
	return got
}
