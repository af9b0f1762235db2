package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/demotarget/tune"
	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// climb measures variants of a service: the demo service with more and more of
// its mistakes mended, or the user's own.
type climb struct {
	own              own
	rounds           int
	workers          int
	duration, warmUp time.Duration
	cpus             string // of the service; any if empty
	json, quiet      bool
	screen           screen
	stdout, stderr   io.Writer
}

func newLadder() *cobra.Command {
	var c climb
	cmd := &cobra.Command{
		Use:   "ladder [PLAN --variant NAME=COMMAND ...]",
		Short: "Fix a slow service step by step, and measure what each step gains",
		Long: `Start the demo service with seven mistakes that are found in real services, first
with no fix, then adding one fix at a time. All variants are attacked with the same
closed loop: a fixed number of requests are always under way. Print how many
requests per second each variant answers, and what each step gains.

Each variant is a process of its own. A round measures each once, on the way up or
on the way down. The gain of a step is the ratio of the geometric means over all
rounds; its interval is Student's, of the rounds' log-ratios. All intervals, one for
each step and one for the whole, hold at once with 95 % confidence (Bonferroni): the
more steps, the wider each interval.

A gain is undecided if there are fewer than 3 rounds, or if its interval includes 1
and its upper end is more than twice its lower end. A variant that answers no
request within a measurement has no rate, and is compared with nothing.

The store of the demo service adds no latency here, so that the service's own shows.
Its log goes to a file that is deleted. Service and load share this machine's
processors: compare ratios, not absolute figures. target --help has the flag --tune,
which takes the same steps.

With a plan and variants, measure your own service instead: each variant is a command
that starts it, run by sh. It is measured once it listens where the plan attacks, and
then stopped. The plan has closed loops; of a sequence of attacks only the last
counts, and those before it warm the service up. Goroutines are read from expvar's
/debug/vars, if the service has it.

Exit codes: 0 the ladder was climbed; 98 undecided: requests of a variant failed, most
runs could not be trusted, or the gain of the whole is undecided; 2 a bad flag; 1
anything else.`,
		Example: `  loadtrace ladder
  loadtrace ladder --rounds 9 --duration 5s
  taskset -c 0 loadtrace ladder --service-cpus 1   # load and service on a processor each
  loadtrace ladder --json > ladder.json
  loadtrace ladder plan.yaml --variant old='./service-old' --variant new='./service-new'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return badInput(fmt.Errorf("want one plan at most, got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.own.plan = strings.Join(args, "")
			c.stdout, c.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return c.do(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&c.own.variants, "variant", nil, "a variant of your own service, as in new='./service --port 8080' (repeatable; needs a plan)")
	flags.IntVar(&c.rounds, "rounds", 5, "how often each variant is measured; fewer than 3 decide nothing")
	flags.IntVar(&c.workers, "workers", 64, "requests under way at any time")
	flags.DurationVar(&c.duration, "duration", 3*time.Second, "of each measurement")
	flags.DurationVar(&c.warmUp, "warm-up", time.Second, "load before each measurement, which is not counted")
	flags.StringVar(&c.cpus, "service-cpus", "", "run the service on these processors alone, as in 1 or 2,3 or 2-3 (needs taskset)")
	flags.BoolVar(&c.json, "json", false, "print the result as JSON")
	flags.BoolVar(&c.quiet, "quiet", false, "show no progress")
	flags.StringVar(&c.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
	return cmd
}

func (c *climb) check() error {
	if err := c.screen.check(); err != nil {
		return err
	}
	switch {
	case c.rounds < 2 || c.rounds > 1000:
		return badInput(fmt.Errorf("--rounds %d: give 2 to 1000; an interval needs two measurements at least", c.rounds))
	case c.workers < 1 || c.workers > 1000:
		return badInput(fmt.Errorf("--workers %d: give 1 to 1000", c.workers))
	case c.duration < 200*time.Millisecond || c.duration > 10*time.Minute:
		return badInput(fmt.Errorf("--duration %s: give 200ms to 10m", c.duration))
	case c.warmUp < 100*time.Millisecond || c.warmUp > 10*time.Minute:
		return badInput(fmt.Errorf("--warm-up %s: give 100ms to 10m", c.warmUp))
	}
	return c.checkCPUs()
}

func (c *climb) checkCPUs() error {
	if c.cpus == "" {
		return nil
	}
	if !cpuList.MatchString(c.cpus) {
		return badInput(fmt.Errorf("--service-cpus %q: write numbers of processors from 0, as in 1 or 2,3 or 2-3", c.cpus))
	}
	if _, err := exec.LookPath("taskset"); err != nil {
		return badInput(errors.New("--service-cpus: needs taskset, which is not here; install util-linux, or leave the flag out"))
	}
	return nil
}

var cpuList = regexp.MustCompile(`^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$`)

// step is a variant and how it is started; said takes what it says.
type step struct {
	rung  ladder.Rung
	start func(ctx context.Context, dir string, said *os.File) (*subject, error)
}

// subject is a variant under way.
type subject struct {
	plan    *loadgen.Plan // that attacks it
	address string        // where it may tell of its goroutines
	sample  func(*summary.Summary) ladder.Sample
	stop    func()
}

// steps are the user's variants, or those of the demo service from none to all,
// each with one step more.
func (c *climb) steps(ctx context.Context) ([]step, error) {
	if c.own.plan != "" {
		return c.own.steps(ctx, c.under())
	}
	if len(c.own.variants) > 0 {
		return nil, badInput(errors.New("--variant: needs a plan that attacks the variants; write loadtrace ladder plan.yaml, and then the variants"))
	}
	set := tune.None
	list := []step{{ladder.Rung{Name: "none"}, c.demo(set)}}
	for _, d := range tune.Steps() {
		set = set.With(d.Step)
		list = append(list, step{ladder.Rung{Name: d.Name, Mistake: d.Mistake, Mend: d.Mend}, c.demo(set)})
	}
	return list, nil
}

func (c *climb) do(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	relaxGC()
	signals := catch(ctx) // before NotifyContext, whose context ends with another error
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	list, err := c.steps(signals.early)
	signals.stop()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "loadtrace-ladder")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	rungs, err := c.measure(ctx, dir, list)
	if err != nil {
		return err
	}
	result := ladder.New(rungs)
	if err := c.print(&result); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return trusted(&result)
}

// measure goes up and down the ladder.
func (c *climb) measure(ctx context.Context, dir string, list []step) ([]ladder.Rung, error) {
	shown := newClimbing(c, len(list))
	defer shown.close()
	for round := range c.rounds {
		for _, i := range ladder.Order(round, len(list)) {
			shown.begin(round, list[i].rung.Name)
			s, err := run(ctx, dir, list[i])
			if err != nil {
				return nil, fmt.Errorf("round %d, %s: %w", round+1, list[i].rung.Name, err)
			}
			list[i].rung.Samples = append(list[i].rung.Samples, s)
			shown.end(s)
		}
	}
	rungs := make([]ladder.Rung, len(list))
	for i := range list {
		rungs[i] = list[i].rung
	}
	return rungs, nil
}

func (c *climb) print(r *ladder.Result) error {
	if !c.json {
		return terminal.Ladder(c.stdout, r, c.screen.options(c.stdout))
	}
	return printJSON(c.stdout, r)
}

// trusted is nil if the result decides anything.
func trusted(r *ladder.Result) error {
	if len(r.Undecided) > 0 {
		return verdictError{exitUndecided, "undecided: " + r.Undecided[0]}
	}
	return nil
}
