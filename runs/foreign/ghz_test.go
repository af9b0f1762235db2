package foreign

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/bojand/ghz/runner"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
)

// ghzs is a report as ghz has it.
func ghzs() runner.Report {
	return runner.Report{
		Name: "calls", Date: noon.Add(time.Minute), EndReason: runner.ReasonNormalEnd, Count: 5,
		Options: runner.Options{Call: "auth.v1.Auth.Validate", Host: "127.0.0.1:9000", Insecure: true, Data: map[string]any{"a": []int{1}}},
		Details: []runner.ResultDetail{
			{Timestamp: noon.Add(5 * time.Millisecond), Latency: 5 * time.Millisecond, Status: "OK"},
			{Timestamp: noon.Add(9 * time.Millisecond), Latency: 8 * time.Millisecond, Status: "InvalidArgument", Error: "rpc error: code = InvalidArgument desc = no token"},
			{Timestamp: noon, Latency: time.Millisecond, Status: "Unavailable",
				Error: "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:9000: connect: connection refused\""},
			{Timestamp: noon, Latency: time.Millisecond, Status: "Canceled", Error: "rpc error: code = Canceled desc = grpc: the client connection is closing"},
			{Timestamp: noon, Latency: time.Millisecond, Error: "context deadline exceeded"},
		},
		Tags: map[string]string{"k": "v"},
	}
}

func TestAReportOfGHZIsRead(t *testing.T) {
	src, err := json.MarshalIndent(ghzs(), "", "  ")
	require.NoError(t, err)
	got, f, err := read(src)
	require.NoError(t, err)
	assert.Equal(t, "ghz", f.Tool)
	assert.Equal(t, &GHZ{Name: "calls", Call: "auth.v1.Auth.Validate", Host: "127.0.0.1:9000", Plain: true, Count: 5, Details: 5}, f.GHZ)
	require.Len(t, got, 5)
	assert.Equal(t, Request{Attack: "calls", Sent: noon, Took: 5 * time.Millisecond, Method: "auth.v1.Auth/Validate",
		URL: "grpc://127.0.0.1:9000/auth.v1.Auth/Validate", RPC: true, Answered: true}, got[0], "its timestamp is the end of the call")
	assert.Equal(t, 3, got[1].Status)
	assert.True(t, got[1].Answered)
	assert.Equal(t, loadgen.ErrorRefused, got[2].Error)
	assert.Equal(t, 1, got[3].Status)
	assert.Equal(t, uint64(3), got[3].Seq)
	assert.Equal(t, loadgen.ErrorTimeout, got[4].Error)
}

func TestAReportOfGHZThatIsCutIsReadToWhereItEnds(t *testing.T) {
	src, err := json.Marshal(ghzs())
	require.NoError(t, err)
	got, f, err := read(src[:len(src)-200])
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	assert.True(t, fault.Truncated)
	assert.NotEmpty(t, got)
	assert.Equal(t, "auth.v1.Auth.Validate", f.GHZ.Call)
}

func TestAReportOfGHZWithoutCallsOrWithOthersIsRefused(t *testing.T) {
	for src, want := range map[string]string{
		`{"date":"x","details":null}`:                                                              "ghz made no call",
		`{"date":"x","details":{}}`:                                                                "its details are no list",
		`{"date":"x","details":[{"latency":1,"status":"Odd"}]}`:                                    `request 1: its status "Odd" is none of gRPC's`,
		`{"date":"x","details":[{"latency":1,"status":"OK"}]}`:                                     "request 1: its timestamp",
		`{"date":"x","details":[{"latency":"1ms","status":"OK"}]}`:                                 "request 1: ",
		`{"date":"x","count":-1,"details":[]}`:                                                     "request 1: ",
		`{"date":"x","details":[{"timestamp":"2026-01-31T12:00:00Z","latency":-5,"status":"OK"}]}`: "request 1: its latency of -5ns is negative",
	} {
		_, _, err := read([]byte(src))
		assert.ErrorContains(t, err, want, src)
	}
}
