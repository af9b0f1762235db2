package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A target that was down filled the terminal, or the collector's log, with a line of
// gRPC's for each dial, beside the summary that counts them.
func TestGRPCLogsNothingOfTheDialsOfAttacks(t *testing.T) {
	target, err := freeAddress()
	require.NoError(t, err)
	backend, err := freeAddress()
	require.NoError(t, err)
	echo := write(t, "echo.proto", "syntax = \"proto3\";\npackage echo.v1;\nmessage Note {}\nservice Echo { rpc Unary(Note) returns (Note); }\n")
	plan := planOf(t, "grpc: {method: echo.v1.Echo/Unary, plaintext: true, target: '"+target+"', proto: "+echo+"}")

	c := loadtrace(t, "run", plan, "--quiet", "--listen", "none", "--set", "trust="+trusting)
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "refused")
	assert.Empty(t, c.err.String())

	config := write(t, "collector.yaml", `
receivers: {loadgen: {}}
exporters: {otlp_grpc: {endpoint: '`+backend+`', tls: {insecure: true}, retry_on_failure: {enabled: false}, sending_queue: {enabled: false}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [loadgen], exporters: [otlp_grpc]}}
`)
	c = loadtrace(t, "run", plan, "--quiet", "--config", config, "--flush-timeout", "2s")
	c.run(t, 98)
	assert.NotContains(t, c.err.String(), `createTransport failed to connect to {Addr: "`+target)
	assert.Contains(t, c.err.String(), `createTransport failed to connect to {Addr: "`+backend, "lines of others stay")
}
