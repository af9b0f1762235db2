package summary

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// outline is what the verdict needs of a plan. Its digests come with Identify.
func outline(p *loadgen.Plan) Outline {
	o := Outline{Order: p.Order, Attacks: []AttackOutline{}, Thresholds: []ThresholdOutline{}, Trust: trustOutline(p.Trust.WithDefaults())}
	for i := range p.Attacks {
		a := &p.Attacks[i]
		out := AttackOutline{Name: a.Name}
		var timeout time.Duration
		out.WaitedFor, timeout, out.Limited = waitedFor(a)
		out.Timeout = inSeconds(timeout)
		for _, stage := range a.Load {
			out.Stages = append(out.Stages, StageOutline{Name: stage.Name, Closed: stage.Max != nil})
		}
		o.Attacks = append(o.Attacks, out)
	}
	for _, t := range p.Thresholds {
		out := ThresholdOutline{
			Metric: t.Metric, Percentile: t.Percentile, Stat: t.Stat, Status: t.Status, AtMost: t.AtMost, AtLeast: t.AtLeast,
			Attack: t.Attack, Stage: t.Stage, Window: inSeconds(t.Window),
		}
		if t.Abort != nil {
			out.Abort = new(inSeconds(t.Abort.After))
		}
		o.Thresholds = append(o.Thresholds, out)
	}
	return o
}

func trustOutline(t loadgen.Trust) TrustOutline {
	return TrustOutline{
		ScheduleLag: inSeconds(t.ScheduleLag), ConnectionWait: inSeconds(t.ConnectionWait), SchedulerLatency: inSeconds(t.SchedulerLatency),
		CPUThrottled: t.CPUThrottled, CPUSteal: t.CPUSteal,
	}
}

// plan is the outline as a plan that can be judged, and not run.
func (o *Outline) plan() *loadgen.Plan {
	p := &loadgen.Plan{Order: o.Order, Trust: loadgen.Trust{
		ScheduleLag: exactly(o.Trust.ScheduleLag), ConnectionWait: exactly(o.Trust.ConnectionWait), SchedulerLatency: exactly(o.Trust.SchedulerLatency),
		CPUThrottled: o.Trust.CPUThrottled, CPUSteal: o.Trust.CPUSteal,
	}}
	for i := range o.Attacks {
		a := loadgen.Attack{Name: o.Attacks[i].Name}
		for _, stage := range o.Attacks[i].Stages {
			s := pace.Stage{Name: stage.Name}
			if stage.Closed {
				s.Max = &pace.Max{}
			}
			a.Load = append(a.Load, s)
		}
		p.Attacks = append(p.Attacks, a)
	}
	for _, t := range o.Thresholds {
		out := loadgen.Threshold{
			Metric: t.Metric, Percentile: t.Percentile, Stat: t.Stat, Status: t.Status, AtMost: t.AtMost, AtLeast: t.AtLeast,
			Attack: t.Attack, Stage: t.Stage, Window: exactly(t.Window),
		}
		if t.Abort != nil {
			out.Abort = &loadgen.Abort{After: exactly(*t.Abort)}
		}
		p.Thresholds = append(p.Thresholds, out)
	}
	return p
}

// exactly is the nearest duration: that which inSeconds was given, for a few months.
func exactly(s Seconds) time.Duration {
	return time.Duration(math.Round(float64(s) * float64(time.Second)))
}

// Bounds of an outline that is read, far beyond any plan.
const (
	maxOutlined   = 1000
	longestWindow = Seconds(1e6)
)

// check refuses an outline that no plan has.
func (o *Outline) check() error {
	if n := len(o.Attacks); n == 0 || n > maxOutlined || len(o.Thresholds) > maxOutlined {
		return fmt.Errorf("plan has %d attacks and %d thresholds; it may have 1 to %d, and 0 to %[3]d", n, len(o.Thresholds), maxOutlined)
	}
	stages := 0
	for i := range o.Attacks {
		a := &o.Attacks[i]
		if stages += len(a.Stages); len(a.Stages) == 0 || stages > maxOutlined {
			return fmt.Errorf("plan has an attack without stages, or more than %d of them", maxOutlined)
		}
		if !within(a.Timeout) {
			return errors.New("plan has a timeout that is none")
		}
	}
	for _, s := range []Seconds{o.Trust.ScheduleLag, o.Trust.ConnectionWait, o.Trust.SchedulerLatency} {
		if !within(s) {
			return errors.New("plan has a limit of trust that is not a time")
		}
	}
	for i := range o.Thresholds {
		if err := o.Thresholds[i].check(); err != nil {
			return fmt.Errorf("threshold %d of the plan: %w", i+1, err)
		}
	}
	return nil
}

func within(s Seconds) bool { return s >= 0 && s <= longestWindow }

func (t *ThresholdOutline) check() error {
	limit := t.AtMost
	if t.AtLeast != "" {
		limit = t.AtLeast
	}
	switch _, _, fault := limit.Read(); {
	case !slices.Contains(loadgen.Metrics(), t.Metric):
		return errors.New("its metric is none")
	case fault != nil || (t.AtMost == "") == (t.AtLeast == ""):
		return errors.New("it has no limit, or two")
	case t.Metric.Time() && t.Stat != loadgen.StatMean && t.Stat != loadgen.StatMax && !(t.Percentile >= 1 && t.Percentile < 100):
		return errors.New("it has neither a percentile nor a mean or max")
	case !within(t.Window) || t.Window > 0 && t.Window < 1e-3:
		return errors.New("its window is none")
	case t.Abort != nil && !within(*t.Abort):
		return errors.New("abort_after is not a time")
	}
	if t.Metric == loadgen.MetricStatus {
		if _, ok := loadgen.ParseStatuses(t.Status); !ok {
			return errors.New("its status is none")
		}
	}
	return nil
}
