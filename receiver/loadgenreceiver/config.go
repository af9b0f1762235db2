package loadgenreceiver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml"
	"go.opentelemetry.io/collector/component"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// Config of the receiver. Exactly one of Plan and PlanFile is set, unless the
// factory has a plan of its own (WithPlan).
type Config struct {
	// PlanFile is the path of a plan. It is read when the receiver starts.
	PlanFile string `mapstructure:"plan_file"`
	// Plan is a plan, as it would stand in a file. Files that it names are relative
	// to the collector's working directory. It is the collector, not the plan, that
	// replaces ${env:NAME} and $$ in it, and in Set.
	Plan map[string]any `mapstructure:"plan"`
	// Set replaces values of the plan, each KEY=VALUE, for instance
	// attacks[0].http.url=http://127.0.0.1:8080/.
	Set []string `mapstructure:"set"`
	// RunID names the run: 16 hexadecimal digits. Without it one is drawn.
	RunID string `mapstructure:"run_id"`
	// StartDelay is how long after the collector's start the run begins.
	StartDelay time.Duration `mapstructure:"start_delay"`
	// StartAt is when the run begins instead, as RFC 3339. A moment that has passed
	// when the run is ready is an error.
	StartAt string `mapstructure:"start_at"`
	// Shard is the shard of the plan that this receiver runs, if several do
	// together, in processes of their own. RunID and StartAt are then the same in all.
	Shard ShardConfig `mapstructure:"shard"`

	// AllowedTargets is what may be attacked, whatever the plan says: names, networks
	// and ports, as in the plan's own limits.allowed_targets. Without it, anything.
	AllowedTargets []string `mapstructure:"allowed_targets"`

	Metrics MetricsConfig `mapstructure:"metrics"`
	Spans   SpansConfig   `mapstructure:"spans"`
	Queue   QueueConfig   `mapstructure:"sending_queue"`

	given  *loadgen.Plan // of WithPlan; overrides PlanFile, Plan, Set and Shard
	start  Start         // of WithStart; overrides RunID and StartAt
	inline *loadgen.Plan // Plan as Validate read it, with Set; nil until then
}

// ShardConfig is one of Count shards. Zero is the whole.
type ShardConfig struct {
	Index int `mapstructure:"index"` // from 0
	Count int `mapstructure:"count"`
}

// MetricsConfig configures how often metrics are emitted, and with how many exemplars.
type MetricsConfig struct {
	Interval time.Duration `mapstructure:"interval"`
	// Exemplars is the most exemplars of a series in one interval; 0 is none.
	Exemplars int `mapstructure:"exemplars"`
}

// SpansConfig configures when spans go to the pipeline: as soon as there is a batch of
// them, or after the interval.
type SpansConfig struct {
	Batch         int           `mapstructure:"batch"`
	FlushInterval time.Duration `mapstructure:"flush_interval"`
}

// QueueConfig bounds the telemetry that waits for the pipelines.
type QueueConfig struct {
	// MaxBytes is the memory for telemetry that waits. What does not fit is dropped,
	// counted, and a fault of the run.
	MaxBytes Size `mapstructure:"max_bytes"`
	// DrainTimeout is how long a shutdown goes on delivering what waits, after the
	// run has been stopped.
	DrainTimeout time.Duration `mapstructure:"drain_timeout"`
}

// Size is a number of bytes. As text it has a unit: 256MiB.
type Size int64

// UnmarshalText reads a size with a unit.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("size %q: want a number and a unit, for instance 256MiB", text)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes what UnmarshalText reads, to the byte.
func (s Size) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%dB", int64(s)), nil }

func createDefaultConfig() component.Config {
	return &Config{
		Metrics: MetricsConfig{Interval: 5 * time.Second, Exemplars: 10},
		Spans:   SpansConfig{Batch: 512, FlushInterval: 200 * time.Millisecond},
		Queue:   QueueConfig{MaxBytes: 256 << 20, DrainTimeout: 10 * time.Second},
	}
}

// Bounds of what a configuration may ask for.
const (
	minInterval   = 10 * time.Millisecond
	maxBatch      = 16384
	maxExemplars  = 100
	minQueueBytes = 1 << 20
)

// Validate reports every fault at once. An inline plan is checked here, a plan's
// file when the receiver starts.
func (c *Config) Validate() error {
	errs := []error{c.validatePlan(), c.validateRunID(), c.validateStart(), c.validateTargets()}
	for _, check := range []struct {
		ok   bool
		text string
	}{
		{c.StartDelay >= 0, "start_delay: is negative; write 0s or more"},
		{c.Metrics.Interval >= minInterval, "metrics::interval: is too short; write 10ms or more"},
		{c.Metrics.Exemplars >= 0 && c.Metrics.Exemplars <= maxExemplars, "metrics::exemplars: is out of bounds; write 0 to 100"},
		{c.Spans.Batch >= 1 && c.Spans.Batch <= maxBatch, "spans::batch: is out of bounds; write 1 to 16384"},
		{c.Spans.FlushInterval >= minInterval, "spans::flush_interval: is too short; write 10ms or more"},
		{c.Queue.MaxBytes >= minQueueBytes, "sending_queue::max_bytes: is too small; write 1MiB or more"},
		{c.Queue.DrainTimeout >= 0, "sending_queue::drain_timeout: is negative; write 0s or more"},
	} {
		if !check.ok {
			errs = append(errs, errors.New(check.text))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) validatePlan() error {
	switch {
	case c.given != nil:
		return nil
	case c.Plan == nil && c.PlanFile == "":
		return errors.New("plan: is missing; write a plan under plan, or the path of one as plan_file")
	case c.Plan != nil && c.PlanFile != "":
		return errors.New("plan_file: excludes plan; remove one of the two")
	case c.Plan != nil:
		return c.validateInline()
	}
	return nil
}

// validateInline reads Plan, for all who need it later. No file that it names is opened.
func (c *Config) validateInline() (err error) {
	if c.inline, err = c.parse(); err == nil {
		_, err = c.inline.Split(c.shard())
	}
	return err
}

func (c *Config) validateRunID() error {
	if _, err := c.runID(); err != nil {
		return fmt.Errorf("run_id: %w", err)
	}
	return nil
}

// validateTargets checks the list, and an inline plan by it.
func (c *Config) validateTargets() error {
	list, err := c.allowed()
	if err != nil || c.given != nil || c.inline == nil {
		return err
	}
	if err := planfile.CheckTargets(c.inline, list); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return nil
}

// allowed is the list of targets that may be attacked.
func (c *Config) allowed() (allow.List, error) {
	return allow.Parse("allowed_targets", c.AllowedTargets)
}

// plan is the one given to the factory, or read from the configuration or its file;
// of the latter the shard that is this receiver's.
func (c *Config) plan(ctx context.Context) (*loadgen.Plan, error) {
	if c.given != nil {
		return c.given, nil
	}
	plan, err := c.whole(ctx)
	if err != nil {
		return nil, err
	}
	return plan.Split(c.shard())
}

func (c *Config) whole(ctx context.Context) (*loadgen.Plan, error) {
	if c.PlanFile != "" {
		return planfile.Read(ctx, c.PlanFile, planfile.Set(c.Set...))
	}
	if c.inline != nil {
		return c.inline, nil
	}
	return c.parse()
}

// parse reads Plan. The collector gives values without their lines, so that faults are
// reported by their keys alone.
func (c *Config) parse() (*loadgen.Plan, error) {
	src, err := yaml.Marshal(c.Plan)
	if err != nil {
		return nil, fmt.Errorf("plan: write it as YAML: %w", err)
	}
	plan, err := planfile.Parse("plan", src, planfile.Set(c.Set...), planfile.Literal(), planfile.Placeless())
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return plan, nil
}

// runID is the one configured, or a new one.
func (c *Config) runID() (loadgen.RunID, error) {
	if c.start.Run != (loadgen.RunID{}) {
		return c.start.Run, nil
	}
	if c.RunID == "" {
		return loadgen.NewRunID(), nil
	}
	return loadgen.ParseRunID(c.RunID)
}
