package ladderrun

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Runner measures each of the variants once in each round.
type Runner struct {
	Rounds int
	Dir    string // for files, which are left there
	// Attack runs a plan to its end.
	Attack func(context.Context, *loadgen.Plan) (summary.Summary, error)
	// Begin and End are called around each measurement.
	Begin func(round int, name string)
	End   func(ladder.Sample)
}

// Variant is a variant and how it is started; log takes its output.
type Variant struct {
	result ladder.Variant
	start  func(ctx context.Context, dir string, log *os.File) (*subject, error)
}

// subject is a variant under way.
type subject struct {
	plan    *loadgen.Plan // that attacks it
	address string        // where it may report its goroutines
	sample  func(*summary.Summary) ladder.Sample
	stop    func()
}

// Measure goes up and down the ladder, and returns its variants with their samples.
func (c *Runner) Measure(ctx context.Context, list []Variant) ([]ladder.Variant, error) {
	for round := range c.Rounds {
		for _, i := range ladder.Order(round, len(list)) {
			c.Begin(round, list[i].result.Name)
			s, err := c.once(ctx, list[i])
			if err != nil {
				return nil, fmt.Errorf("round %d, %s: %w", round+1, list[i].result.Name, err)
			}
			list[i].result.Samples = append(list[i].result.Samples, s)
			c.End(s)
		}
	}
	variants := make([]ladder.Variant, len(list))
	for i := range list {
		variants[i] = list[i].result
	}
	return variants, nil
}

// once measures a variant once, in a process of its own.
func (c *Runner) once(ctx context.Context, v Variant) (s ladder.Sample, err error) {
	log, err := os.Create(filepath.Join(c.Dir, "service.log"))
	if err != nil {
		return s, err
	}
	defer log.Close()
	subject, err := v.start(ctx, c.Dir, log)
	if err != nil {
		return s, fmt.Errorf("%w\n%s", err, ending(log))
	}
	defer subject.stop()
	seen := watchGoroutines(subject.address)
	sum, err := c.Attack(ctx, subject.plan)
	most := seen.most()
	if err != nil {
		return s, err
	}
	s = subject.sample(&sum)
	s.Goroutines = most
	return s, nil
}
