package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/demotarget/tune"
	"github.com/loadtrace/loadtrace/internal/ladder"
)

func TestALadderMeasuresEachVariantInEachRound(t *testing.T) {
	c := loadtrace(t, "ladder", "--rounds=2", "--duration=300ms", "--warm-up=200ms", "--workers=8", "--json")
	c.Run()
	// A busy machine may leave doubts; what was measured is printed all the same.
	require.Contains(t, []int{0, exitUndecided}, c.ProcessState.ExitCode(), "%s\n%s", &c.out, &c.err)
	var r ladder.Result
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &r), "%s", &c.out)
	require.Len(t, r.Variants, len(tune.Steps())+1)
	for i, g := range r.Variants {
		require.Len(t, g.Samples, 2, g.Name)
		for _, s := range g.Samples {
			assert.Positive(t, s.Rate, g.Name)
			assert.Positive(t, s.P50, g.Name)
			assert.GreaterOrEqual(t, s.P99, s.P50, g.Name)
			assert.Greater(t, s.Goroutines, 8, "%s: each of 8 connections has a goroutine", g.Name)
			assert.Positive(t, s.Sent, g.Name)
			assert.Zero(t, s.Errors, g.Name)
		}
		assert.Equal(t, i == 0, g.Gain == nil, g.Name)
	}
	require.NotNil(t, r.Whole)
	assert.Greater(t, r.Whole.Ratio, 1.0, "a connection with TLS for each call is slower than one for all")
	assert.Equal(t, 2*len(r.Variants), strings.Count(c.err.String(), "run "), c.err.String())
	assert.Contains(t, c.err.String(), "round 2 · none: ")
}

func TestALadderRefusesWhatItCannotMeasure(t *testing.T) {
	for flag, fault := range map[string]string{
		"--rounds=1":       "--rounds 1: give 2 to 1000; an interval needs two measurements at least",
		"--workers=0":      "--workers 0: give 1 to 1000",
		"--duration=1ms":   "--duration 1ms: give 200ms to 10m",
		"--warm-up=0s":     "--warm-up 0s: give 100ms to 10m",
		"--service-cpus=a": `--service-cpus "a": write numbers of processors from 0`,
		"--color=purple":   `--color "purple"`,
	} {
		c := loadtrace(t, "ladder", flag)
		require.NoError(t, c.Start())
		c.wait(t, 2)
		assert.Contains(t, c.err.String(), fault)
	}
}

func TestALadderThatIsInterruptedLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	c := loadtrace(t, "ladder", "--duration=30s")
	c.Env = append(c.Env, "TMPDIR="+dir)
	require.NoError(t, c.Start())
	require.Eventually(t, func() bool {
		found, err := os.ReadDir(dir)
		return err == nil && len(found) > 0
	}, patience(t), 10*time.Millisecond)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	c.wait(t, 1)
	assert.Empty(t, c.out.String())
	found, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, found)
}

const ownPlan = `
name: own
order: sequence
attacks:
  - name: warm-up
    http: {url: http://%[1]s/healthz}
    load: [{constant: 50/s, duration: 100ms}]
  - name: measured
    http: {url: http://%[1]s/healthz}
    load: [{max: {workers: 4}, duration: 200ms}]
`

// The demo service stands for somebody's own; it is started by sh, as theirs.
func TestALadderMeasuresVariantsOfAnyService(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	plan := filepath.Join(t.TempDir(), "own.yaml")
	require.NoError(t, os.WriteFile(plan, fmt.Appendf(nil, ownPlan, address), 0o600))
	command := fmt.Sprintf("%s target --http %s --grpc 127.0.0.1:0 --otlp=", os.Args[0], address)
	c := loadtrace(t, "ladder", plan, "--rounds=2", "--json",
		"--variant", "old="+command+" --tune=none", "--variant", "new=exec "+command)
	c.Run()
	require.Contains(t, []int{0, exitUndecided}, c.ProcessState.ExitCode(), "%s\n%s", &c.out, &c.err)
	var r ladder.Result
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &r), "%s", &c.out)
	require.Len(t, r.Variants, 2)
	for i, name := range []string{"old", "new"} {
		assert.Equal(t, name, r.Variants[i].Name)
		assert.Positive(t, r.Variants[i].Rate)
		assert.Greater(t, r.Variants[i].Goroutines, 4)
		assert.Zero(t, r.Variants[i].Errors)
	}
	require.NoError(t, nobodyListens(address), "the last variant has ended, too")
}

func nobodyListens(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

func TestVariantsThatCannotBeMeasuredAreRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	address, err := freeAddress()
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	good := write("good.yaml", fmt.Sprintf(ownPlan, address))
	busy := write("busy.yaml", fmt.Sprintf(ownPlan, taken.Addr()))
	open := write("open.yaml", strings.ReplaceAll(fmt.Sprintf(ownPlan, address), "max: {workers: 4}", "constant: 5/s"))
	for _, c := range []struct {
		args  []string
		code  int
		fault string
	}{
		{[]string{"--variant=a=true"}, 2, "--variant: needs a plan"},
		{[]string{good}, 2, "--variant: give two at least"},
		{[]string{good, "--variant=a=true", "--variant=a=true"}, 2, "--variant a: is there twice"},
		{[]string{good, "--variant=a", "--variant=b=true"}, 2, `--variant "a": write name=command`},
		{[]string{open, "--variant=a=true", "--variant=b=true"}, 2, "attack measured: has a stage with a rate of its own"},
		{[]string{dir + "/none.yaml", "--variant=a=true", "--variant=b=true"}, 2, "none.yaml"},
		{[]string{good, "--variant=a=echo help me; exit 3", "--variant=b=true"}, 1, "the command ended (exit status 3) before it listened on " + address + "\nhelp me"},
		{[]string{good, "--variant=a=true", "--variant=b=true"}, 1, "the command ended (exit status 0) before it listened on " + address},
		{[]string{busy, "--variant=a=true", "--variant=b=true"}, 1, "something listens on " + taken.Addr().String() + " already"},
	} {
		cmd := loadtrace(t, append([]string{"ladder"}, c.args...)...)
		require.NoError(t, cmd.Start())
		cmd.wait(t, c.code)
		assert.Contains(t, cmd.err.String(), c.fault)
	}
}

func TestALadderWhoseRequestsFailIsUndecided(t *testing.T) {
	made := func(change func(*ladder.Sample)) *ladder.Result {
		var good, bad []ladder.Sample
		for i := range 4 {
			s := ladder.Sample{Rate: 100, Sent: 1000}
			good = append(good, s)
			if i%2 == 0 {
				change(&s)
			}
			bad = append(bad, s)
		}
		return new(ladder.New([]ladder.Variant{{Name: "none", Samples: good}, {Name: "one", Samples: bad}}))
	}
	assert.NoError(t, trusted(made(func(s *ladder.Sample) { s.Errors = 20 })))
	assert.ErrorContains(t, trusted(made(func(s *ladder.Sample) { s.Errors = 21 })), "42 of 4000 requests of one failed")
	assert.NoError(t, trusted(made(func(s *ladder.Sample) { s.Doubts = []string{"starved"} })), "2 of 8 runs")
	all := ladder.Sample{Rate: 100, Sent: 1000, Doubts: []string{"starved"}}
	doubtful := ladder.New([]ladder.Variant{{Name: "a", Samples: []ladder.Sample{all, all, all}}, {Name: "b", Samples: []ladder.Sample{all, all, all}}})
	assert.ErrorContains(t, trusted(&doubtful), "starved")
}
