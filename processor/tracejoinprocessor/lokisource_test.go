package tracejoinprocessor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logsource"
)

// A Loki that refuses every query, for a label that it does not know how to parse, was once
// a number that nobody looked at.
func TestTheFirstTroubleOfEachKindIsLoggedAndAllAreCounted(t *testing.T) {
	answer := http.StatusBadRequest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "parse error at line 1", answer)
	}))
	defer server.Close()
	config := logsource.DefaultConfig()
	config.HTTP.Endpoint, config.Retry.Enabled = server.URL, false
	loki, err := logsource.New(t.Context(), config, nil, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	defer loki.Close()
	core, logged := observer.New(zap.WarnLevel)
	l := newLokiSource(loki, zap.New(core))

	ask := func(ctx context.Context) error {
		return l.Window(ctx, time.Unix(0, 0), time.Unix(1, 0), func(logline.Line) {})
	}
	for range 3 {
		require.Error(t, ask(t.Context()))
	}
	answer = http.StatusForbidden
	require.Error(t, ask(t.Context()))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, ask(over), "which is no trouble of Loki's")

	assert.Equal(t, map[string]int64{"refused": 3, "denied": 1}, l.failures())
	require.Equal(t, 2, logged.Len())
	assert.Contains(t, logged.All()[0].ContextMap()["error"], "status 400: parse error at line 1")
	require.Len(t, l.errors(), 2)
	assert.Equal(t, "log lines could not be fetched from Loki × 3: loki refused the query, status 400: parse error at line 1", l.errors()[0])
	assert.Nil(t, (*lokiSource)(nil).errors(), "without a Loki")
}
