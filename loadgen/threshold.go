package loadgen

import (
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Threshold is a limit on a figure of a run. A run whose figure is beyond it has
// failed, if its measurement can be trusted.
type Threshold struct {
	Metric Metric `yaml:"metric"`
	// Of a time exactly one of Percentile, from 1 to below 100, and Stat.
	Percentile float64 `yaml:"percentile,omitempty"`
	Stat       Stat    `yaml:"stat,omitempty"`
	// Status of MetricStatus: an HTTP code, a class such as 5xx, or the name of a
	// gRPC code.
	Status string `yaml:"status,omitempty"`
	// Exactly one of the two.
	AtMost  Limit `yaml:"at_most,omitempty"`
	AtLeast Limit `yaml:"at_least,omitempty"`
	// Attack is the name of one; empty is all of them together.
	Attack string `yaml:"attack,omitempty"`
	// Stage is the name of one, or EachStage; empty is the whole run. Not with Window.
	Stage string `yaml:"stage,omitempty"`
	// Window has the figure hold at any moment over this long before; 0 is over the
	// whole run.
	Window time.Duration `yaml:"window,omitempty"`
	Abort  *Abort        `yaml:"abort,omitempty"`
}

// Abort ends the run when its threshold has been breached for After without a break.
type Abort struct {
	After time.Duration `yaml:"after"`
}

// EachStage as a threshold's stage is each stage by itself.
const EachStage = "each"

// Metric is a figure that a threshold limits.
type Metric string

const (
	MetricResponseTime Metric = "response_time" // of requests that were sent and not cut off
	MetricServiceTime  Metric = "service_time"
	MetricScheduleLag  Metric = "schedule_lag" // of open-loop requests that were sent
	// MetricErrorRatio is errors / due. Errors are the failed requests, the finished
	// ones that are not OK, and those that were due and not sent. Requests that the
	// stop of the run left out or cut off are not due: see Record.Due.
	MetricErrorRatio Metric = "error_ratio"
	MetricStatus     Metric = "status" // finished with a status / sent and not cut off
	// MetricRate is requests per second, as summary.Figures.RateAchieved has it, or its
	// ratio to the wanted rate.
	MetricRate Metric = "rate"
)

// Metrics are all there are.
func Metrics() []Metric {
	return []Metric{MetricResponseTime, MetricServiceTime, MetricScheduleLag, MetricErrorRatio, MetricStatus, MetricRate}
}

// Time reports whether the metric is a time, of which there are percentiles.
func (m Metric) Time() bool {
	return m == MetricResponseTime || m == MetricServiceTime || m == MetricScheduleLag
}

// Stat is a figure of times other than a percentile.
type Stat string

const (
	StatMean Stat = "mean"
	StatMax  Stat = "max"
)

// Limit is a limit as it is written: a duration (200ms), a rate (500/s), or a
// ratio (1% or 0.01).
type Limit string

// LimitKind is what a limit limits.
type LimitKind uint8

const (
	LimitTime  LimitKind = iota // seconds
	LimitRatio                  // 1 is all
	LimitRate                   // per second
)

// Read gives the number that a limit stands for, in the unit of its kind. A fault
// has no key.
func (l Limit) Read() (value float64, kind LimitKind, fault *pace.KeyError) {
	text := string(l)
	number, unit, rate := strings.Cut(text, "/")
	percent, isPercent := strings.CutSuffix(text, "%")
	switch {
	case rate:
		per, ok := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
		if value, ok = plainNumber(number, ok); ok {
			return value / per, LimitRate, nil
		}
	case isPercent:
		if value, ok := plainNumber(percent, true); ok {
			return value / 100, LimitRatio, nil
		}
	default:
		if value, ok := plainNumber(text, true); ok {
			return value, LimitRatio, nil
		}
		if d, err := time.ParseDuration(text); err == nil {
			return d.Seconds(), LimitTime, nil
		}
	}
	return 0, 0, &pace.KeyError{What: strconv.Quote(utf8text.Clip(text)) + " is no limit", Fix: "write a duration such as 200ms, a ratio such as 1% or a rate such as 500/s"}
}

// plainNumber reads digits with an optional fraction: no exponent, no words.
func plainNumber(s string, wanted bool) (float64, bool) {
	if !wanted || strings.Trim(s, "0123456789.-") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// Trust has the limits beyond which a measurement cannot be trusted. docs/verdict.md has the
// reason of each default.
type Trust struct {
	// ScheduleLag and ConnectionWait bound the p99 of what the generator itself makes
	// requests wait; a tenth of the p99 service time is always allowed.
	ScheduleLag    time.Duration `yaml:"schedule_lag,omitempty"`
	ConnectionWait time.Duration `yaml:"connection_wait,omitempty"`
	// CPUThrottled is the part of its scheduling periods in which the generator's
	// cgroup was throttled, CPUSteal the part of the machine's time that its host took.
	CPUThrottled Limit `yaml:"cpu_throttled,omitempty"`
	CPUSteal     Limit `yaml:"cpu_steal,omitempty"`
	// SchedulerLatency bounds the p99 of what runnable goroutines waited for a processor.
	SchedulerLatency time.Duration `yaml:"scheduler_latency,omitempty"`
}

// WithDefaults fills in what t leaves out.
func (t Trust) WithDefaults() Trust {
	or := func(d *time.Duration, preset time.Duration) {
		if *d == 0 {
			*d = preset
		}
	}
	or(&t.ScheduleLag, 10*time.Millisecond)
	or(&t.ConnectionWait, 10*time.Millisecond)
	or(&t.SchedulerLatency, 10*time.Millisecond)
	if t.CPUThrottled == "" {
		t.CPUThrottled = "1%"
	}
	if t.CPUSteal == "" {
		t.CPUSteal = "5%"
	}
	return t
}
