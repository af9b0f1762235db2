package climb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Climb measures each of the variants once in each round.
type Climb struct {
	Rounds int
	Dir    string // for files, which are left there
	// Attack carries out a plan to its end.
	Attack func(context.Context, *loadgen.Plan) (summary.Summary, error)
	// Begin and End are called around each measurement.
	Begin func(round int, name string)
	End   func(ladder.Sample)
}

// Step is a variant and how it is started; said takes what it says.
type Step struct {
	variant ladder.Variant
	start   func(ctx context.Context, dir string, said *os.File) (*subject, error)
}

// subject is a variant under way.
type subject struct {
	plan    *loadgen.Plan // that attacks it
	address string        // where it may tell of its goroutines
	sample  func(*summary.Summary) ladder.Sample
	stop    func()
}

// Measure goes up and down the ladder, and returns its variants with their samples.
func (c *Climb) Measure(ctx context.Context, list []Step) ([]ladder.Variant, error) {
	for round := range c.Rounds {
		for _, i := range ladder.Order(round, len(list)) {
			c.Begin(round, list[i].variant.Name)
			s, err := c.once(ctx, list[i])
			if err != nil {
				return nil, fmt.Errorf("round %d, %s: %w", round+1, list[i].variant.Name, err)
			}
			list[i].variant.Samples = append(list[i].variant.Samples, s)
			c.End(s)
		}
	}
	variants := make([]ladder.Variant, len(list))
	for i := range list {
		variants[i] = list[i].variant
	}
	return variants, nil
}

// once measures a variant once, in a process of its own.
func (c *Climb) once(ctx context.Context, v Step) (s ladder.Sample, err error) {
	said, err := os.Create(filepath.Join(c.Dir, "service.log"))
	if err != nil {
		return s, err
	}
	defer said.Close()
	subject, err := v.start(ctx, c.Dir, said)
	if err != nil {
		return s, fmt.Errorf("%w\n%s", err, ending(said))
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
