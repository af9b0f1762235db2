package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"
)

// publishedSchema is a schema in docs/schema; if strict, one that allows no other
// keys than it has.
func publishedSchema(t *testing.T, name string, strict bool) *jsonschema.Resolved {
	text, err := os.ReadFile("../../docs/schema/" + name + ".schema.json")
	require.NoError(t, err)
	s := &jsonschema.Schema{}
	require.NoError(t, json.Unmarshal(text, s))
	if strict {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
		for _, of := range s.Defs {
			of.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
		}
	}
	resolved, err := s.Resolve(nil)
	require.NoError(t, err)
	return resolved
}

// requireValid holds a summary against the schema, and the schema to having its keys.
func requireValid(t *testing.T, text []byte) { requireValidBy(t, "summary", text) }

func requireValidBy(t *testing.T, name string, text []byte) {
	var value any
	require.NoError(t, json.Unmarshal(text, &value), "%s", text)
	for _, strict := range []bool{false, true} {
		require.NoError(t, publishedSchema(t, name, strict).Validate(value), "strict: %v\n%s", strict, text)
	}
}

func TestSummariesMeetTheirSchema(t *testing.T) {
	tg := newTestTarget(t)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		}
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("short and stout"))
	}))
	t.Cleanup(slow.Close)
	sound := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 50}]"), "--json", "--quiet")
	sound.run(t, 0)
	requireValid(t, sound.out.Bytes())

	failed := loadtrace(t, append([]string{"run", slow.URL + "/hang", "--rate", "20/s", "--duration", "1s",
		"--set", "attacks[0].http.timeout=100ms",
		"--set", "thresholds=[{metric: error_ratio, at_most: 0%}, {metric: response_time, percentile: 99, at_most: 1h, window: 1s}, {metric: status, status: 5xx, at_most: 1%}]"}, trustAll...)...)
	failed.run(t, 99)
	requireValid(t, failed.out.Bytes())

	teapot := loadtrace(t, append([]string{"run", slow.URL, "--workers", "2", "--duration", "300ms"}, trustAll...)...)
	teapot.run(t, 0)
	requireValid(t, teapot.out.Bytes())

	undecided := loadtrace(t, "run", slow.URL, "--rate", "50/s", "--duration", "500ms", "--json", "--quiet", "--set", "trust={scheduler_latency: 1ns}")
	undecided.run(t, 98)
	requireValid(t, undecided.out.Bytes())

	shard := loadtrace(t, append([]string{"run", tg.url, "--rate", "50/s", "--duration", "500ms", "--shard", "0/2", "--run-id", "2b9c72011d13ef2c",
		"--start-at", time.Now().Add(2 * time.Second).Format(time.RFC3339Nano)}, trustAll...)...)
	shard.run(t, 0)
	requireValid(t, shard.out.Bytes())
}

func TestTheSummaryOfTheDemoMeetsItsSchema(t *testing.T) {
	service := startDemo(t)
	c := loadtrace(t, append([]string{"run", "--grpc", service.GRPC + "/auth.v1.Auth/ValidateStream", "--rate", "20/s", "--duration", "1s", "--data", `[{"token": "demo-0001"}]`}, trustAll...)...)
	c.run(t, 0)
	requireValid(t, c.out.Bytes())
}

func TestASummaryThatLacksAKeyDoesNotMeetTheSchema(t *testing.T) {
	require.Error(t, publishedSchema(t, "summary", false).Validate(map[string]any{"run_id": "x"}))
}
