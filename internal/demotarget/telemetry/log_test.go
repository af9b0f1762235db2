package telemetry

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/trace"
)

func TestTraceIDsSurviveDerivedLoggers(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newHuman(Config{Output: &out})).With("part", "store")
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2},
	}))
	log.InfoContext(ctx, "said")
	assert.Contains(t, out.String(), "part=store trace_id=01000000000000000000000000000000 span_id=0200000000000000")
}

func TestALineOutsideARequestHasNoTraceID(t *testing.T) {
	var out bytes.Buffer
	slog.New(newHuman(Config{Output: &out})).Info("said")
	assert.NotContains(t, out.String(), "trace_id")
}

func TestTheLevelOfAHandlerSurvivesDerivedLoggers(t *testing.T) {
	var out bytes.Buffer
	h := atLeast{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), slog.LevelWarn}
	log := slog.New(h).With("a", 1).WithGroup("g")
	log.Info("dropped")
	log.Warn("kept", "b", 2)
	assert.NotContains(t, out.String(), "dropped")
	assert.Contains(t, out.String(), "a=1 g.b=2")
}
