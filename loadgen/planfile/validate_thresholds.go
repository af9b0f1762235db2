package planfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/spelling"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const (
	maxThresholds = 100
	maxChecks     = 1000 // thresholds, with one of each stage counted for each stage
	minWindow     = time.Second
)

func (v *validator) thresholds(p *loadgen.Plan) {
	if n := len(p.Thresholds); n > maxThresholds {
		v.add("thresholds", fmt.Sprintf("there are %d, more than %d", n, maxThresholds), "leave out those that others imply")
		return
	}
	checks := 0
	for i := range p.Thresholds {
		t := threshold{validator: v, plan: p, Threshold: &p.Thresholds[i], key: item("thresholds", i)}
		if t.metric() {
			t.limit()
		}
		t.scope()
		t.window()
		if a := t.Abort; a != nil {
			notNegative(v, t.key+".abort.after", a.After, "5s")
		}
		checks += t.checks()
	}
	if checks > maxChecks {
		v.add("thresholds", fmt.Sprintf("with one for each stage there are %d, more than %d", checks, maxChecks), "name the stages that matter")
	}
}

// threshold is one that is checked.
type threshold struct {
	*validator
	*loadgen.Threshold
	plan *loadgen.Plan
	key  string
}

func (t *threshold) fault(key, what, fix string) { t.add(t.key+"."+key, what, fix) }

// metric checks what is measured, and how. It reports whether there is such a metric.
func (t *threshold) metric() bool {
	var names []string
	for _, m := range loadgen.Metrics() {
		names = append(names, string(m))
	}
	if !slices.Contains(names, string(t.Metric)) {
		what, fix := quote(string(t.Metric))+" is not a metric", "write one of "+strings.Join(names, ", ")
		if t.Metric == "" {
			what = "is missing"
		} else if near, ok := spelling.Nearest(string(t.Metric), names); ok {
			fix = "did you mean " + near + "? " + fix
		}
		t.fault("metric", what, fix)
		return false
	}
	if t.Metric.Time() {
		t.time()
	} else {
		for key, given := range map[string]bool{"percentile": t.Percentile != 0, "stat": t.Stat != ""} {
			if given {
				t.fault(key, "does not fit "+string(t.Metric)+", which is a single number", "leave it out")
			}
		}
	}
	t.status()
	return true
}

func (t *threshold) time() {
	switch {
	case t.Percentile != 0 && t.Stat != "":
		t.fault("stat", "there is percentile too", "write percentile or stat, not both")
	case t.Percentile == 0 && t.Stat == "":
		t.fault("percentile", "is missing, and stat too", "write percentile: 99, stat: mean or stat: max")
	case t.Stat != "" && t.Stat != loadgen.StatMean && t.Stat != loadgen.StatMax:
		t.fault("stat", quote(string(t.Stat))+" is not known", "write mean or max, or a percentile instead")
	case t.Percentile == 100:
		t.fault("percentile", "100 is the greatest of all", "write stat: max")
	case t.Percentile > 0 && t.Percentile < 1:
		t.fault("percentile", formatNumber(t.Percentile)+" is below 1", "write percent, such as 99 or 99.9, not a fraction")
	case t.Percentile != 0 && !(t.Percentile >= 1 && t.Percentile < 100):
		t.fault("percentile", formatNumber(t.Percentile)+" is not between 1 and 100", "write one such as 99 or 99.9")
	}
	if t.Metric == loadgen.MetricScheduleLag && !t.any(func(a *loadgen.Attack) bool { return slices.ContainsFunc(a.Load, open) }) {
		t.fault("metric", "there is no schedule to lag behind in a closed loop", "write response_time, or a load with a rate")
	}
}

func open(s pace.Stage) bool { return s.Max == nil }

func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (t *threshold) status() {
	if t.Metric != loadgen.MetricStatus {
		if t.Status != "" {
			t.fault("status", "does not fit "+string(t.Metric), "write metric: status, or leave it out")
		}
		return
	}
	set, ok := loadgen.ParseStatuses(t.Status)
	const fix = "write an HTTP status such as 503, a class such as 5xx, or a gRPC code such as UNAVAILABLE"
	switch {
	case t.Status == "":
		t.fault("status", "is missing", fix)
	case !ok:
		t.fault("status", quote(t.Status)+" is not a status", fix)
	case !t.any(func(a *loadgen.Attack) bool { return set.RPC == (a.GRPC != nil) }):
		t.fault("status", quote(t.Status)+" cannot come from an attack of the other protocol", fix)
	}
}

// any reports whether one of the attacks that the threshold is about is so. An
// attack that does not exist is so: another fault tells of it.
func (t *threshold) any(is func(*loadgen.Attack) bool) bool {
	known := false
	for i := range t.plan.Attacks {
		if a := &t.plan.Attacks[i]; t.about(a) {
			if known = true; is(a) {
				return true
			}
		}
	}
	return !known
}

func (t *threshold) about(a *loadgen.Attack) bool { return t.Attack == "" || t.Attack == a.Name }

// limit checks that there is one limit, of the metric's kind, that can be breached.
func (t *threshold) limit() {
	key, limit := "at_most", t.AtMost
	if t.AtLeast != "" {
		key, limit = "at_least", t.AtLeast
	}
	switch {
	case t.AtMost != "" && t.AtLeast != "":
		t.fault("at_least", "there is at_most too", "write at_most or at_least; the other can be a second threshold")
		return
	case limit == "":
		t.fault("at_most", "is missing, and at_least too", "write a limit, such as at_most: "+t.example())
		return
	}
	value, kind, fault := limit.Read()
	if fault != nil {
		what, fix := fault.What, "write one such as "+t.example()
		if t.Metric.Time() && number.MatchString(string(limit)) {
			what, fix = string(limit)+" has no unit", "write "+string(limit)+"s or "+string(limit)+"ms"
		}
		t.fault(key, what, fix)
		return
	}
	t.kind(key, limit, value, kind)
}

func (t *threshold) kind(key string, limit loadgen.Limit, value float64, kind loadgen.LimitKind) {
	fits := kind == loadgen.LimitRatio
	switch {
	case t.Metric.Time():
		fits = kind == loadgen.LimitTime
	case t.Metric == loadgen.MetricRate:
		fits = kind != loadgen.LimitTime
	}
	text := utf8text.Clip(string(limit))
	switch {
	case !fits && t.Metric.Time() && number.MatchString(string(limit)):
		t.fault(key, text+" has no unit", "write "+text+"s or "+text+"ms")
	case !fits:
		t.fault(key, text+" is no limit of "+string(t.Metric), "write one such as "+t.example())
	case value < 0:
		t.fault(key, "is negative", "write one such as "+t.example())
	case key == "at_least" && value == 0, key == "at_most" && kind == loadgen.LimitRatio && t.Metric != loadgen.MetricRate && value >= 1:
		t.fault(key, text+" can never be breached", "write one such as "+t.example())
	case key == "at_least" && kind == loadgen.LimitRatio && value > 1:
		t.fault(key, text+" is more than all", "write one such as "+t.example())
	case key == "at_most" && value == 0 && (t.Metric == loadgen.MetricRate || t.Metric.Time()):
		t.fault(key, text+" is always breached", "write one such as "+t.example())
	}
	if t.Metric == loadgen.MetricRate && kind == loadgen.LimitRatio && t.any(closed) {
		t.fault(key, "an attack has a closed loop, which wants no rate to compare with", "write a rate such as 500/s, or name an attack without a closed loop")
	}
}

func closed(a *loadgen.Attack) bool {
	return slices.ContainsFunc(a.Load, func(s pace.Stage) bool { return s.Max != nil })
}

// example is a limit that fits the metric.
func (t *threshold) example() string {
	switch {
	case t.Metric.Time():
		return "200ms"
	case t.Metric == loadgen.MetricRate:
		return "500/s, or 95% of the wanted rate"
	default:
		return "1%"
	}
}

// scope checks the names of the attack and the stage.
func (t *threshold) scope() {
	var attacks, stages []string
	for i := range t.plan.Attacks {
		a := &t.plan.Attacks[i]
		attacks = append(attacks, a.Name)
		if !t.about(a) {
			continue
		}
		seen := map[string]int{}
		for _, s := range a.Load {
			if seen[s.Name]++; s.Name != "" && seen[s.Name] == 2 && s.Name == t.Stage {
				t.fault("stage", "attack "+a.Name+" has several stages of this name", "give each stage a name of its own, or write stage: each")
			}
			if s.Name != "" {
				stages = append(stages, s.Name)
			}
		}
	}
	if t.Attack != "" && !slices.Contains(attacks, t.Attack) {
		t.fault("attack", "there is no attack "+quote(t.Attack), "the attacks are "+listed(attacks))
		return
	}
	if t.Stage != "" && t.Stage != loadgen.EachStage && !slices.Contains(stages, t.Stage) {
		fix := "the stages are " + listed(stages) + ", and each for each by itself"
		if len(stages) == 0 {
			fix = "no stage has a name; give it one, or write stage: each"
		}
		t.fault("stage", "there is no stage "+quote(t.Stage), fix)
	}
}

// listed names up to ten.
func listed(names []string) string {
	names = slices.Compact(slices.Clone(names))
	if len(names) > 10 {
		names = append(names[:10:10], "…")
	}
	return strings.Join(names, ", ")
}

func (t *threshold) window() {
	switch length := t.length(); {
	case t.Window == 0:
	case t.Window < 0:
		t.fault("window", "is negative", "write one such as 10s")
	case t.Stage != "":
		t.fault("window", "there is stage too", "write window or stage; the other can be a second threshold")
	case t.Window < minWindow:
		t.fault("window", formatDuration(t.Window)+" is less than "+formatDuration(minWindow), "write one such as 10s")
	case length > 0 && t.Window > length:
		t.fault("window", formatDuration(t.Window)+" is longer than the load, "+formatDuration(length)+", so it would never be whole",
			"write a shorter one, or leave it out for the whole run")
	}
}

// length of the load that the threshold is about, 0 where nobody knows it.
func (t *threshold) length() (longest time.Duration) {
	for i := range t.plan.Attacks {
		a := &t.plan.Attacks[i]
		if !t.about(a) {
			continue
		}
		s, err := pace.New(a.Load)
		if err != nil {
			return 0
		}
		d, exact := s.Duration()
		if !exact {
			return 0
		}
		if t.plan.Order == loadgen.Sequence && t.Attack == "" {
			longest += d
		} else {
			longest = max(longest, d)
		}
	}
	return longest
}

// checks is how many figures the threshold is held against.
func (t *threshold) checks() int {
	if t.Stage != loadgen.EachStage {
		return 1
	}
	n := 0
	for i := range t.plan.Attacks {
		if t.about(&t.plan.Attacks[i]) {
			n += len(t.plan.Attacks[i].Load)
		}
	}
	return n
}

func (v *validator) trust(t loadgen.Trust) {
	notNegative(v, "trust.schedule_lag", t.ScheduleLag, "10ms")
	notNegative(v, "trust.connection_wait", t.ConnectionWait, "10ms")
	notNegative(v, "trust.scheduler_latency", t.SchedulerLatency, "10ms")
	for key, limit := range map[string]loadgen.Limit{"trust.cpu_throttled": t.CPUThrottled, "trust.cpu_steal": t.CPUSteal} {
		value, kind, fault := limit.Read()
		switch {
		case fault != nil:
			v.add(key, quote(string(limit))+" is no ratio", "write one such as 5%")
		case kind != loadgen.LimitRatio || value < 0 || value > 1:
			v.add(key, utf8text.Clip(string(limit))+" is no ratio from 0% to 100%", "write one such as 5%")
		}
	}
}
