package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
)

// ladderCommand measures variants of a service: the demo service with more and more of
// its mistakes fixed, or the user's own.
type ladderCommand struct {
	plan             string   // that attacks the variants; empty for the demo service
	variants         []string // name=command
	rounds           int
	workers          int
	duration, warmUp time.Duration
	cpus             string // of the service; any if empty
	json, quiet      bool
	screen           screen
	stdout, stderr   io.Writer
}

func newLadder() *cobra.Command {
	var c ladderCommand
	cmd := &cobra.Command{
		Use:   "ladder [PLAN --variant NAME=COMMAND ...]",
		Short: "Fix a slow service step by step, and measure what each step gains",
		Long: `Start the demo service with seven mistakes that are common in real services, first
with no fix, then adding one fix at a time. All variants are attacked with the same
closed loop: a fixed number of requests are always under way. Print how many
requests per second each variant answers, and what each step gains.

Each variant is a separate process. A round measures each variant once, in rising or
in falling order. The gain of a step is the ratio of the geometric means over all
rounds. Its interval is Student's, over the log-ratios of the rounds. All intervals,
one for each step and one for the whole ladder, hold at once with 95 % confidence
(Bonferroni): the more steps, the wider each interval.

A gain is undecided if there are fewer than 3 rounds, or if its interval includes 1
and its upper end is more than twice its lower end. A variant that answers no
request within a measurement has no rate, and is not compared.

The store of the demo service adds no latency here, so that the latency of the service
itself shows. Its log goes to a file that is deleted. Service and load share this
machine's processors: compare ratios, not absolute figures. The flag --tune of
loadtrace target takes the same steps.

With a plan and variants, measure your own service instead. Each variant is a command
that starts the service; sh runs it. It is measured once it listens on the address
that the plan attacks, and then stopped. The plan has closed loops. In a sequence of
attacks only the last one counts; those before it warm the service up. Goroutines are
read from expvar's /debug/vars, if the service has it.

Exit codes: 0 every variant was measured; 98 undecided: requests of a variant failed,
most runs could not be trusted, or the gain of the whole ladder is undecided; 2 a bad
flag; 1 anything else.`,
		Example: `  loadtrace ladder
  loadtrace ladder --rounds 9 --duration 5s
  taskset -c 0 loadtrace ladder --service-cpus 1   # load and service on a processor each
  loadtrace ladder --json > ladder.json
  loadtrace ladder plan.yaml --variant old='./service-old' --variant new='./service-new'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return badinput.Error(fmt.Errorf("want one plan at most, got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.plan = strings.Join(args, "")
			c.stdout, c.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return c.do(cmd.Context())
		},
	}
	c.addTo(cmd.Flags())
	return cmd
}

func (c *ladderCommand) addTo(flags *pflag.FlagSet) {
	flags.StringArrayVar(&c.variants, "variant", nil, "a variant of your own service, as in new='./service --port 8080' (repeatable; needs a plan)")
	flags.IntVar(&c.rounds, "rounds", 5, "how often each variant is measured; fewer than 3 are undecided")
	flags.IntVar(&c.workers, "workers", 64, "number of requests under way at any time")
	flags.DurationVar(&c.duration, "duration", 3*time.Second, "duration of each measurement")
	flags.DurationVar(&c.warmUp, "warm-up", time.Second, "duration of the load before each measurement, which is not counted")
	flags.StringVar(&c.cpus, "service-cpus", "", "run the service only on these processors, as in 1 or 2,3 or 2-3 (needs taskset)")
	flags.BoolVar(&c.json, "json", false, "print the result as JSON")
	flags.BoolVar(&c.quiet, "quiet", false, "show no progress")
	flags.StringVar(&c.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
}

func (c *ladderCommand) check() error {
	if err := c.screen.check(); err != nil {
		return err
	}
	switch {
	case c.rounds < 2 || c.rounds > 1000:
		return badinput.Error(fmt.Errorf("--rounds %d: give 2 to 1000; an interval needs two measurements at least", c.rounds))
	case c.workers < 1 || c.workers > 1000:
		return badinput.Error(fmt.Errorf("--workers %d: give 1 to 1000", c.workers))
	case c.duration < 200*time.Millisecond || c.duration > 10*time.Minute:
		return badinput.Error(fmt.Errorf("--duration %s: give 200ms to 10m", c.duration))
	case c.warmUp < 100*time.Millisecond || c.warmUp > 10*time.Minute:
		return badinput.Error(fmt.Errorf("--warm-up %s: give 100ms to 10m", c.warmUp))
	}
	return c.checkCPUs()
}

func (c *ladderCommand) checkCPUs() error {
	if c.cpus == "" {
		return nil
	}
	if !cpuList.MatchString(c.cpus) {
		return badinput.Error(fmt.Errorf("--service-cpus %q: write numbers of processors from 0, as in 1 or 2,3 or 2-3", c.cpus))
	}
	if _, err := exec.LookPath("taskset"); err != nil {
		return badinput.Error(errors.New("--service-cpus: needs taskset, which is not here; install util-linux, or leave the flag out"))
	}
	return nil
}

var cpuList = regexp.MustCompile(`^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$`)
