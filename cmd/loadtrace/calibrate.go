package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/calibrate"
	"github.com/loadtrace/loadtrace/internal/terminal"
)

// calibration measures the error of the instrument.
type calibration struct {
	rate           float64
	duration       time.Duration
	calls          int
	json           bool
	screen         screen
	stdout, stderr io.Writer
}

// calibrationRate is the default. What gathers in a stall of a second ends at one
// moment: at 500/s it took two processors some 14 ms to carry, which is beyond the
// tolerance of a stall that the truth takes as carried at once.
const calibrationRate = 250

func newCalibrate() *cobra.Command {
	var c calibration
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "Measure the instrument's own error against injected latencies",
		Long: `Attack a reference server in this process. Its latencies are injected and therefore
known. Print the instrument's error: the measured times beside the true times.

  injected   the latency that the server adds to each request
  served     the time that the server took by its own clock (sleeps end late)
  truth      the response time, computed from the schedule, the number of
             workers and the injected latency
  measured   the time in the summary of the run

Four cases stall the whole server for a second. Requests that are due during the
stall wait in the server or, if all workers are busy, in the generator. Their service
time hides that wait (coordinated omission). Their response time must show it, within
2 % of the truth at p95, p99 and p99.9.

A case that cannot be trusted is marked, with the reason: its stall is measured wrong,
or the run itself cannot be trusted, for example because the machine is busy.

Server and generator share this machine's processors: the error is that of the
generator here, now, at this rate.

` + exitCodes,
		Example: `  loadtrace calibrate
  loadtrace calibrate --rate 2000 --duration 30s
  loadtrace calibrate --calls 1000000 --rate 5000   # a stall after a million gRPC calls`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.stdout, c.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return c.do(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.Float64Var(&c.rate, "rate", calibrationRate, "requests per second")
	flags.DurationVar(&c.duration, "duration", 10*time.Second, "duration of each case; below 4s the stall is most of it")
	flags.IntVar(&c.calls, "calls", 0, "run only this case: this many gRPC calls at --rate, then half a minute at 500/s with a stall of 10s in it")
	flags.BoolVar(&c.json, "json", false, "print the results as JSON")
	flags.StringVar(&c.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
	return cmd
}

func (c *calibration) check() error {
	if err := c.screen.check(); err != nil {
		return err
	}
	switch n := c.rate * c.duration.Seconds(); {
	case c.rate < 1 || c.rate > 100_000:
		return badinput.Error(fmt.Errorf("--rate %v: give 1 to 100000 requests per second", c.rate))
	case c.duration < 2*time.Second || c.duration > time.Hour:
		return badinput.Error(fmt.Errorf("--duration %s: give 2s to 1h; the stall alone takes a second", c.duration))
	case n > 50e6:
		return badinput.Error(fmt.Errorf("--rate %v for --duration %s is more than 50 million requests: give less", c.rate, c.duration))
	case c.calls < 0 || c.calls > 50e6:
		return badinput.Error(fmt.Errorf("--calls %d: give 1 to 50 million, or leave it out", c.calls))
	}
	return nil
}

func (c *calibration) do(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	relaxGC()
	signals := watchSignals(ctx)
	defer signals.stop()
	cases := calibrate.Cases(c.rate, c.duration)
	if c.calls > 0 {
		cases = []calibrate.Case{calibrate.Late(c.rate, c.calls)}
	}
	var results []calibrate.Result
	faults := 0
	for i, one := range cases {
		fmt.Fprintf(c.stderr, "case %d of %d, %s: %s\n", i+1, len(cases), one.Length().Round(time.Second), one.Name)
		r, err := calibrate.Do(signals.early, one, unseen(signals.impatient))
		if err != nil {
			return err
		}
		if !c.json {
			terminal.Calibration(c.stdout, &r, c.screen.options(c.stdout))
		}
		results = append(results, r)
		faults += len(r.Faults)
	}
	if c.json {
		if err := printJSON(c.stdout, results); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
	}
	if faults > 0 {
		return verdictError{exitUndecided, "undecided: the instrument is not to be trusted here; see the cases marked"}
	}
	return nil
}
