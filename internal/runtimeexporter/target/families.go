package target

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
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
}

func readFamilies(h http.Header, body io.Reader, pass *regexp.Regexp) (families, error) {
	f := families{runtime: map[string]*dto.MetricFamily{}}
	all, err := decode(h, body)
	if err != nil {
		return f, err
	}
	for _, family := range all {
		f.add(family, pass)
	}
	if len(f.runtime) == 0 && len(f.pass) == 0 {
		return f, problemf(ReasonFormat, "has no metrics that are passed on")
	}
	return f, nil
}

// decode reads whichever form the target has chosen.
func decode(h http.Header, body io.Reader) ([]*dto.MetricFamily, error) {
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind == "application/openmetrics-text" {
		return readOpenMetrics(body)
	}
	format := expfmt.ResponseFormat(h)
	if format.FormatType() == expfmt.TypeUnknown {
		format = expfmt.NewFormat(expfmt.TypeTextPlain)
	}
	var all []*dto.MetricFamily
	decoder := expfmt.NewDecoder(body, format)
	for {
		family := &dto.MetricFamily{}
		err := decoder.Decode(family)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var p *problem
		if errors.As(err, &p) || isNetwork(err) {
			return nil, err
		}
		if err != nil {
			return nil, problemf(ReasonFormat, "has no metrics that can be read: %w", err)
		}
		all = append(all, family)
	}
}

// isNetwork tells faults of the connection from those of what it carried.
func isNetwork(err error) bool {
	return err != nil && (reason(err) == ReasonTimeout || errors.Is(err, io.ErrUnexpectedEOF))
}

func (f *families) add(family *dto.MetricFamily, pass *regexp.Regexp) {
	name := family.GetName()
	if strings.HasPrefix(name, "go_") {
		f.runtime[name] = family
	}
	if pass != nil && pass.MatchString(name) && model.LegacyValidation.IsValidMetricName(name) {
		f.pass = append(f.pass, family)
	}
}

// memory is what client_golang's collector has of it.
func (f families) memory() *Memory {
	m := &Memory{
		Sys: f.integer("go_memstats_sys_bytes"), HeapReleased: f.integer("go_memstats_heap_released_bytes"),
		HeapAlloc: f.integer("go_memstats_heap_alloc_bytes"), StackInuse: f.integer("go_memstats_stack_inuse_bytes"),
		TotalAlloc: f.integer("go_memstats_alloc_bytes_total"), Mallocs: f.integer("go_memstats_mallocs_total"),
		NextGC: f.integer("go_memstats_next_gc_bytes"), LastGC: f.number("go_memstats_last_gc_time_seconds"),
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

func (f families) goroutines() *int64 { return signed(f.integer("go_goroutines")) }
func (f families) threads() *int64    { return signed(f.integer("go_threads")) }

func signed(n *uint64) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

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
	if v == nil || !(*v >= 0 && *v < 1<<63) {
		return nil
	}
	n := uint64(*v)
	return &n
}
