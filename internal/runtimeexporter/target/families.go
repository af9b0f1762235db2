package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// acceptMetrics prefers the forms that lose nothing: Prometheus's own text has
// neither exemplars nor times of creation.
const acceptMetrics = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=1," +
	"application/openmetrics-text;version=1.0.0;q=0.7,text/plain;version=0.0.4;q=0.5"

// families are what a target's /metrics has: all of its runtime, by name, and
// those to pass on.
type families struct {
	runtime map[string]*dto.MetricFamily
	pass    []*dto.MetricFamily
	// fault names the families that could not be read, or is nil.
	fault error
}

// familySet is what was read of a target's /metrics.
type familySet struct {
	families []*dto.MetricFamily
	faults   []error // the first of them
	more     int     // beyond these
	readable bool    // it has at least one family, be it one that nobody wants
}

// add takes a family, or the reason why it could not be read.
func (p *familySet) add(name string, f *dto.MetricFamily, err error) {
	if err == nil {
		err = check(f)
	}
	if err != nil {
		p.fail(fmt.Errorf("family %.100q: %w", name, err))
		return
	}
	p.readable = true
	p.families = append(p.families, f)
}

// faultsShown bounds how many faults of a page are told one by one; the others
// are counted.
const faultsShown = 5

func (p *familySet) fail(err error) {
	if len(p.faults) < faultsShown {
		p.faults = append(p.faults, err)
	} else {
		p.more++
	}
}

func (p *familySet) fault() error {
	if p.more > 0 {
		return errors.Join(append(slices.Clone(p.faults), fmt.Errorf("and %d more", p.more))...)
	}
	return errors.Join(p.faults...)
}

func readFamilies(ctx context.Context, h http.Header, body io.Reader, pass *regexp.Regexp) (families, error) {
	f := families{runtime: map[string]*dto.MetricFamily{}}
	isRuntime := func(name string) bool { return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "goruntime_") }
	isPassed := func(name string) bool { return pass != nil && pass.MatchString(name) }
	all, err := decode(ctx, h, body, func(name string) bool { return isRuntime(name) || isPassed(name) })
	if err != nil {
		return f, err
	}
	f.fault = all.fault()
	if !all.readable {
		return f, problemf(ReasonFormat, "has no metrics that can be read: %w", cmp.Or(f.fault, errors.New("it is empty")))
	}
	for _, family := range all.families {
		if isRuntime(family.GetName()) {
			f.runtime[family.GetName()] = family
		}
		if isPassed(family.GetName()) {
			f.pass = append(f.pass, family)
		}
	}
	return f, nil
}

// decode reads whichever form the target has chosen. It ends with ctx: a page
// that takes longer to read than the target may take would hold up the others.
func decode(ctx context.Context, h http.Header, body io.Reader, want func(string) bool) (familySet, error) {
	switch kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind {
	case "application/openmetrics-text":
		return readOpenMetrics(ctx, body, want)
	case expfmt.ProtoType:
		return readProtobuf(ctx, body, want)
	}
	return readText(ctx, body, want)
}

// memory is what client_golang's collector has of it.
func (f families) memory() *Memory {
	m := &Memory{
		Sys: f.integer("go_memstats_sys_bytes"), HeapReleased: f.integer("go_memstats_heap_released_bytes"),
		HeapAlloc: f.integer("go_memstats_heap_alloc_bytes"), StackInuse: f.integer("go_memstats_stack_inuse_bytes"),
		TotalAlloc: f.integer("go_memstats_alloc_bytes_total"), Mallocs: f.integer("go_memstats_mallocs_total"),
		NextGC: f.integer("go_memstats_next_gc_bytes"), LastGC: known(f.number("go_memstats_last_gc_time_seconds")),
	}
	// A summary of all pauses of the process, one a cycle.
	if family := f.runtime["go_gc_duration_seconds"]; family.GetType() == dto.MetricType_SUMMARY && len(family.GetMetric()) == 1 {
		s := family.GetMetric()[0].GetSummary()
		m.NumGC, m.PauseTotal = s.SampleCount, s.SampleSum
	}
	if *m == (Memory{}) {
		return nil
	}
	return m
}

func (f families) goroutines() *uint64 { return f.integer("go_goroutines") }
func (f families) threads() *uint64    { return f.integer("go_threads") }

// number is the value of a family that has one.
func (f families) number(name string) *float64 {
	metrics := f.runtime[name].GetMetric()
	if len(metrics) != 1 {
		return nil
	}
	switch m := metrics[0]; {
	case m.Gauge != nil:
		return m.Gauge.Value
	case m.Counter != nil:
		return m.Counter.Value
	case m.Untyped != nil:
		return m.Untyped.Value
	}
	return nil
}

func (f families) integer(name string) *uint64 {
	v := f.number(name)
	if v == nil || !(*v >= 0) {
		return nil
	}
	n, err := whole(math.Trunc(*v))
	if err != nil {
		return nil
	}
	return n
}
