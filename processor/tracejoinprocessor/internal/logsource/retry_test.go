package logsource

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// transport is a server without a network, for tests of time.
type transport func(r *http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(code int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: code, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func over(t *testing.T, f transport, change func(*Config)) *Loki {
	l := open(t, "http://loki.test", change)
	l.client.http.Transport = f
	return l
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := func() string { return time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat) }
		for _, header := range []func() string{func() string { return "7" }, date} {
			began, asked := time.Now(), 0
			l := over(t, func(*http.Request) (*http.Response, error) {
				if asked++; asked == 1 {
					return reply(429, http.Header{"Retry-After": {header()}}, ""), nil
				}
				return reply(200, nil, oneLine), nil
			}, nil)
			var got collect
			require.NoError(t, l.Window(t.Context(), start, end, got.add))
			assert.Len(t, got, 1)
			assert.Equal(t, 7*time.Second, time.Since(began))
		}
	})
}

func TestARetryAfterBeyondTheLimitIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		l := over(t, func(*http.Request) (*http.Response, error) {
			return reply(503, http.Header{"Retry-After": {"3600"}}, "busy"), nil
		}, nil)
		err := l.Window(t.Context(), start, end, nil)
		assert.Equal(t, Failed, KindOf(err))
		assert.ErrorContains(t, err, "busy")
		assert.Zero(t, time.Since(began))
	})
}

func TestRepeatsComeFurtherAndFurtherApartAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		l := over(t, func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(began))
			return reply(500, nil, "no"), nil
		}, func(c *Config) { c.Retry.RandomizationFactor = 0 })
		assert.Equal(t, Failed, KindOf(l.Window(t.Context(), start, end, nil)))
		ms := time.Millisecond
		assert.Equal(t, []time.Duration{0, 200 * ms, 600 * ms, 1400 * ms, 3000 * ms, 5000 * ms, 7000 * ms, 9000 * ms}, at)
		assert.Equal(t, uint64(7), l.Counts().Retries)
	})
}

func TestRepeatsAreSpreadByChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := map[time.Duration]bool{}
		for range 5 {
			began := time.Now()
			asked := 0
			l := over(t, func(*http.Request) (*http.Response, error) {
				if asked++; asked == 2 {
					waits[time.Since(began)] = true
					return reply(200, nil, oneLine), nil
				}
				return reply(500, nil, ""), nil
			}, nil)
			require.NoError(t, l.Window(t.Context(), start, end, func(logline.Line) {}))
		}
		assert.Greater(t, len(waits), 1)
		for wait := range waits {
			assert.InDelta(t, 200, wait.Milliseconds(), 101)
		}
	})
}

// A Loki that never answers costs http.timeout for each try, and retry's limit
// bounds the tries.
func TestASilentLokiNeverHangsTheJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		l := over(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, nil)
		assert.Equal(t, Timeout, KindOf(l.Window(t.Context(), start, end, nil)))
		assert.LessOrEqual(t, time.Since(began), 15*time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		err := l.Window(ctx, start, end, nil)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestACallersEndCutsAWaitShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		l := over(t, func(*http.Request) (*http.Response, error) {
			return reply(429, http.Header{"Retry-After": {"9"}}, ""), nil
		}, nil)
		assert.ErrorIs(t, l.Window(ctx, start, end, nil), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
	})
}
