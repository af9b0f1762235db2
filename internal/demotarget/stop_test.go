package demotarget

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
)

// What a stop waits for has graces of less than three seconds together, by virtual time:
// the tests of the whole program may take longer on a busy machine, and do not bound them.
func TestWhatAStopWaitsForHasAGraceAndNoMore(t *testing.T) {
	assert.LessOrEqual(t, requestGrace+storeGrace+flushGrace, 3*time.Second)
	hangs := func(ctx context.Context) { <-ctx.Done() }
	ends := func(context.Context) { time.Sleep(100 * time.Millisecond) }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		within(requestGrace, hangs, ends, hangs)
		assert.Equal(t, requestGrace, time.Since(began), "side by side, and cut off")
		began = time.Now()
		within(requestGrace, ends, ends)
		assert.Equal(t, 100*time.Millisecond, time.Since(began), "no longer than they take")
	})
}

// silentSpans is an exporter whose far end never answers.
type silentSpans struct{}

func (silentSpans) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	<-ctx.Done()
	return ctx.Err()
}
func (silentSpans) Shutdown(context.Context) error { return nil }

func TestTelemetryThatNobodyTakesIsWaitedForNoLongerThanItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, err := telemetry.New(t.Context(), telemetry.Config{Service: "auth", Instance: "1", Output: io.Discard, Level: slog.LevelError},
			telemetry.Exporters{Spans: silentSpans{}})
		require.NoError(t, err)
		served := tel.Route(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		served.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		time.Sleep(time.Second) // its export is under way, which may take ten of them
		began := time.Now()
		require.Error(t, flush(tel))
		assert.Equal(t, flushGrace, time.Since(began))
		time.Sleep(10 * time.Second) // the SDK leaves the export under way to its own time
	})
}
