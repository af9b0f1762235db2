//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/stack"
)

var (
	requests = flag.Int("requests", 2000, "of each attack of a run")
	rate     = flag.Int("rate", 200, "requests per second of each attack")
)

// undecided is the exit code of a run whose figures cannot be trusted, as on a machine
// that does other things, too: nothing here is a matter of time.
const undecided = 98

// outcome is what a run printed, and what its target counted.
type outcome struct {
	summary summary
	text    string // without --json
	counted uint64
	spans   []request
}

// summary is what is read of the run's JSON.
type summary struct {
	Total struct {
		Requests struct {
			Planned, Finished, Failed, OK uint64
			NotSent                       map[string]uint64 `json:"not_sent"`
		}
	}
	Telemetry struct {
		SampledOut uint64 `json:"spans_sampled_out"`
		Join       *struct {
			Complete, Partial, None uint64
			Missing                 map[string]uint64
			Advice                  []string
		}
	}
	Faults []string
}

// unsent is the sum of the requests that were not sent.
func (s *summary) unsent() (n uint64) {
	for _, v := range s.Total.Requests.NotSent {
		n += v
	}
	return n
}

// attack starts a target and runs a plan against it.
// The target is new, and the run is there when its exporter first looks for it.
func attack(t *testing.T, of target, flags ...string) outcome {
	t.Helper()
	program, to, joined := binary(t), otlp{free(t), free(t)}, newSink(t)
	at, err := stack.Start(t.Context(), of.server(t, to), stack.Options{Data: t.TempDir(), Progress: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, at) })
	before := of.counted(t, at)
	plan := filepath.Join(t.TempDir(), "plan.yaml")
	load := fmt.Sprintf("[{constant: %d/s, count: %d}]", *rate, *requests)
	require.NoError(t, os.WriteFile(plan, []byte("attacks: "+of.attacks(at, load)+"\n"), 0o644))

	args := append([]string{
		"run", plan, "--archive", "none", "--listen", "http://" + to.http, "--listen", "grpc://" + to.grpc,
		"--otlp", joined.URL, "--otlp-signals", "traces",
	}, flags...)
	cmd := exec.CommandContext(t.Context(), program, args...)
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	err = cmd.Run()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != undecided) {
		require.NoError(t, err, "%s\n%s", notes.String(), out.String())
	}
	return outcome{text: out.String(), counted: of.counted(t, at) - before, spans: joined.all()}
}

// attackJSON is attack whose summary is read.
func attackJSON(t *testing.T, of target, flags ...string) outcome {
	t.Helper()
	o := attack(t, of, append(flags, "--json")...)
	require.NoError(t, json.Unmarshal([]byte(o.text), &o.summary), "%s", o.text)
	return o
}

func stop(t *testing.T, at *stack.Instance) {
	if t.Failed() {
		log, err := os.ReadFile(at.Log)
		t.Logf("%s wrote: %s %v", at.Server.Name, log[max(0, len(log)-4000):], err)
	}
	if err := at.Stop(context.Background()); err != nil {
		t.Logf("%s: %v", at.Server.Name, err)
	}
}

// build makes the binary of the distribution once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "loadtrace-targets")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "loadtrace")
	said, err := exec.Command("go", "build", "-o", path, "../../cmd/loadtrace").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build loadtrace: %w\n%s", err, said)
	}
	return path, nil
})

func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	return path
}

// free is an address nobody listens on at the moment.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
