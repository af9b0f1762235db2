package tracejoinprocessor

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/dustin/go-humanize"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/hub"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logsource"
)

// Config of the processor.
type Config struct {
	// Wait is how long a client span waits for the telemetry of the server (default
	// DefaultWait): longer than the target's exporters take, and than the time between
	// two runtime samples if their counts are wanted.
	Wait time.Duration `mapstructure:"wait"`
	// MaxBytes is the memory for spans: three quarters for those that wait, over
	// which the oldest leave early; the rest for those that the pipeline does not
	// take, over which traces are refused, to be sent again.
	MaxBytes Size `mapstructure:"max_bytes"`
	// MaxTraceBytes is the most that one trace may hold of it. Beyond, its spans do
	// not wait.
	MaxTraceBytes Size `mapstructure:"max_trace_bytes"`
	// Shards is how many loops share the work; 0 is one for every two processors, at
	// most 4.
	Shards int `mapstructure:"shards"`
	// DrainTimeout is how long a shutdown goes on delivering.
	DrainTimeout time.Duration `mapstructure:"drain_timeout"`
	// TargetsOptional lets client spans go on unmarked, and after one wait at once,
	// until a first server span comes: where it is not known whether any target will
	// send its telemetry here.
	TargetsOptional bool `mapstructure:"targets_optional"`

	Clients ClientsConfig `mapstructure:"clients"`
	Keep    KeepConfig    `mapstructure:"keep"`
	Runtime RuntimeConfig `mapstructure:"runtime"`
	Logs    LogsConfig    `mapstructure:"logs"`
	Metrics MetricsConfig `mapstructure:"metrics"`
}

// ClientsConfig selects the client spans of a load test.
type ClientsConfig struct {
	// WithParent has client spans wait that have a parent span too, as those of tools
	// that wrap requests into spans of their own.
	WithParent bool `mapstructure:"with_parent"`
	// Services are the service.names of the load generators; any, if it is empty.
	Services []string `mapstructure:"services"`
}

// KeepConfig selects the traces that are passed on. With All all do; otherwise those that any of
// the others names, and those that exemplars name.
type KeepConfig struct {
	All bool `mapstructure:"all"`
	// Slow is the response time from which a trace is kept; 0s is none.
	Slow time.Duration `mapstructure:"slow"`
	// Failed keeps traces whose request failed.
	Failed bool `mapstructure:"failed"`
	// Share is the part of all others that is kept, 0 to 1, by trace id: of all there
	// were, if they were sampled before.
	Share float64 `mapstructure:"share"`
	// Remember is how many traces of either verdict are known by their id, so that it
	// holds for what comes late of them too.
	Remember int `mapstructure:"remember"`
}

// RuntimeConfig is about samples of the Go runtime.
type RuntimeConfig struct {
	// MaxAge is how far a sample may be from the server's work.
	MaxAge time.Duration `mapstructure:"max_age"`
}

// LogsConfig is about the log lines of requests.
type LogsConfig struct {
	// MaxLines is the most lines of a request that become events of its span.
	MaxLines int `mapstructure:"max_lines"`
	// MaxBodyBytes is what is kept of a line's text.
	MaxBodyBytes int `mapstructure:"max_body_bytes"`
	// Loki is asked for lines that do not come through a pipeline of logs.
	Loki configoptional.Optional[LokiConfig] `mapstructure:"loki"`
}

// LokiConfig is about a Loki that has the targets' logs.
type LokiConfig struct {
	// Source configures the Loki, and where its lines have their ids.
	Source logsource.Config `mapstructure:"source"`
	// PullInterval is how often the lines of all requests are fetched; 0s is never.
	// With a pipeline of logs they are not fetched: it brings them.
	PullInterval time.Duration `mapstructure:"pull_interval"`
	// Settle is how old a line is before Loki surely has it. The wait is longer than
	// it and the interval together.
	Settle time.Duration `mapstructure:"settle"`
	// LookupTimeout bounds the look-up of requests that matter and have no lines:
	// those that failed, those whose response time reaches LookupSlow, and those that
	// an exemplar names.
	LookupTimeout time.Duration `mapstructure:"lookup_timeout"`
	LookupSlow    time.Duration `mapstructure:"lookup_slow"`
}

// Validate reports every fault of the join's own keys; the source has its own.
func (c *LokiConfig) Validate() error {
	var errs []error
	check := func(ok bool, text string) {
		if !ok {
			errs = append(errs, errors.New(text))
		}
	}
	check(c.PullInterval == 0 || c.PullInterval >= minInterval, "pull_interval: is too short; write 10ms or more, or 0s for no pulling")
	check(c.Settle >= 0, "settle: is negative; write 0s or more")
	check(c.LookupTimeout > 0, "lookup_timeout: leaves no time; write more than 0s")
	check(c.LookupSlow >= 0, "lookup_slow: is negative; write 0s for all requests, or a response time")
	return errors.Join(errs...)
}

// MetricsConfig is about the metrics that the join adds.
type MetricsConfig struct {
	Interval time.Duration `mapstructure:"interval"`
	// Exemplars is the most exemplars of a series in one interval; 0 is none.
	Exemplars int `mapstructure:"exemplars"`
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

// DefaultWait is a second longer than the SDKs of OpenTelemetry keep spans by default
// (OTEL_BSP_SCHEDULE_DELAY, 5 s). With a wait as long as that, a request that ends just
// after a batch has left would leave just before the next one comes.
const DefaultWait = 6 * time.Second

// otherServers is how many server spans of other services a span lists.
const otherServers = 8

// defaultLoki is what holds when the key loki is there.
func defaultLoki() LokiConfig {
	return LokiConfig{
		Source: logsource.DefaultConfig(), PullInterval: time.Second, Settle: time.Second,
		LookupTimeout: 2 * time.Second, LookupSlow: 500 * time.Millisecond,
	}
}

func createDefaultConfig() component.Config {
	return &Config{
		Wait:          DefaultWait,
		MaxBytes:      256 << 20,
		MaxTraceBytes: 4 << 20,
		DrainTimeout:  10 * time.Second,
		Keep:          KeepConfig{All: true, Remember: 100_000},
		Runtime:       RuntimeConfig{MaxAge: 15 * time.Second},
		Logs:          LogsConfig{MaxLines: 16, MaxBodyBytes: 1024, Loki: configoptional.Default(defaultLoki())},
		Metrics:       MetricsConfig{Interval: 5 * time.Second, Exemplars: 5},
	}
}

// Bounds of what a configuration may ask for.
const (
	maxWait      = 10 * time.Minute
	minBytes     = 1 << 20
	maxShards    = 64
	maxLines     = 64 // as many as a trace keeps
	maxBody      = 64 << 10
	minInterval  = 10 * time.Millisecond
	maxExemplars = 100
	maxRemember  = 10_000_000
)

// Validate reports every fault at once.
func (c *Config) Validate() error {
	var errs []error
	for _, check := range []struct {
		ok   bool
		text string
	}{
		{c.Wait > 0 && c.Wait <= maxWait, "wait: is out of bounds; write more than 0s and at most 10m"},
		{c.MaxBytes >= minBytes, "max_bytes: is too small; write 1MiB or more"},
		{c.MaxTraceBytes > 0 && c.MaxTraceBytes <= c.MaxBytes/4, "max_trace_bytes: lets one trace push out others; write at most a quarter of max_bytes, and more than 0B"},
		{c.Shards >= 0 && c.Shards <= maxShards, "shards: is out of bounds; write 1 to 64, or 0 for as many as fit the machine"},
		{c.DrainTimeout >= 0, "drain_timeout: is negative; write 0s or more"},
		{c.Keep.Slow >= 0, "keep::slow: is negative; write 0s for none, or a response time"},
		{c.Keep.Share >= 0 && c.Keep.Share <= 1, "keep::share: is not a part of a whole; write 0 to 1"},
		{c.Keep.Remember >= 0 && c.Keep.Remember <= maxRemember, "keep::remember: is out of bounds; write 0 to 10000000"},
		{!c.Keep.All || c.Keep.Slow == 0 && !c.Keep.Failed && c.Keep.Share == 0, "keep::all: keeps every trace, so that slow, failed and share have no effect; write all: false, or remove them"},
		{!c.TargetsOptional || c.Keep.All, "targets_optional: would let traces through that are not to be kept; write keep::all: true, or remove it"},
		{c.Runtime.MaxAge > 0, "runtime::max_age: no sample would be young enough; write more than 0s"},
		{c.Logs.MaxLines >= 0 && c.Logs.MaxLines <= maxLines, "logs::max_lines: is out of bounds; write 0 to 64"},
		{c.Logs.MaxBodyBytes > 0 && c.Logs.MaxBodyBytes <= maxBody, "logs::max_body_bytes: is out of bounds; write 1 to 65536"},
		{c.Metrics.Interval >= minInterval, "metrics::interval: is too short; write 10ms or more"},
		{c.Metrics.Exemplars >= 0 && c.Metrics.Exemplars <= maxExemplars, "metrics::exemplars: is out of bounds; write 0 to 100"},
	} {
		if !check.ok {
			errs = append(errs, errors.New(check.text))
		}
	}
	if l := c.Logs.Loki.Get(); l != nil && l.PullInterval > 0 && l.PullInterval+l.Settle >= c.Wait {
		errs = append(errs, fmt.Errorf("wait: is over before a line can be fetched, %s after it was written; write more than that, or less for logs::loki::pull_interval and settle", l.PullInterval+l.Settle))
	}
	return errors.Join(errs...)
}

// options of the hub, but for the log source.
func (c *Config) options(instance string) hub.Options {
	loki := defaultLoki()
	if l := c.Logs.Loki.Get(); l != nil {
		loki = *l
	}
	return hub.Options{
		Wait: c.Wait, MaxBytes: int64(c.MaxBytes), TraceBytes: int(c.MaxTraceBytes), Shards: c.shards(), DrainTimeout: c.DrainTimeout,
		Clients:    hub.Clients(c.Clients),
		Optional:   c.TargetsOptional,
		Keep:       hub.Keep(c.Keep),
		Logs:       hub.Logs{Lines: c.Logs.MaxLines, BodyBytes: c.Logs.MaxBodyBytes, LookupTimeout: loki.LookupTimeout, LookupSlow: loki.LookupSlow},
		RuntimeAge: c.Runtime.MaxAge,
		Interval:   c.Metrics.Interval,
		Exemplars:  c.Metrics.Exemplars,
		Others:     otherServers,
		Instance:   instance,
	}
}

func (c *Config) shards() int {
	if c.Shards > 0 {
		return c.Shards
	}
	return min(max(runtime.GOMAXPROCS(0)/2, 1), 4)
}
