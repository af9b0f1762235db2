package runarchiveexporter

import (
	"maps"
	"math"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// families are how the names of metrics begin that tell of a runtime or a process, by the
// semantic conventions and by Prometheus' clients.
var families = []string{"go.", "process.", "nodejs.", "v8js.", "jvm.", "dotnet.", "cpython.", "go_", "process_", "nodejs_", "jvm_", "python_"}

// samples takes the points of the targets' runtimes for all open archives: they say how a
// target was, not what a request did.
func (k *keeper) samples(md pmetric.Metrics) {
	all := k.all()
	if len(all) == 0 {
		return
	}
	for _, rm := range md.ResourceMetrics().All() {
		a := rm.Resource().Attributes()
		of := archive.Sample{Service: str(a, attr.ServiceName), Namespace: str(a, attr.ServiceNamespace), Instance: str(a, attr.ServiceInstanceID)}
		if of.Service == attr.ServiceLoadtrace {
			continue
		}
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				if slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(m.Name(), f) }) {
					of.Name, of.Unit = plaintext.Line(m.Name()), plaintext.Line(m.Unit())
					points(m, of, func(s *archive.Sample) {
						for _, o := range all {
							o.Sample(s)
						}
					})
				}
			}
		}
	}
}

// points makes a sample of each point of a metric. of has what is the same for all.
func points(m pmetric.Metric, of archive.Sample, take func(*archive.Sample)) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		numbers(m.Gauge().DataPoints(), of, "gauge", take)
	case pmetric.MetricTypeSum:
		numbers(m.Sum().DataPoints(), of, "sum", take)
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			s := of
			s.Kind = "histogram"
			about(&s, p.Timestamp(), p.StartTimestamp(), p.Attributes())
			s.Value, s.Count = p.Sum(), int64(p.Count())
			s.Bounds = p.ExplicitBounds().AsRaw()
			for _, n := range p.BucketCounts().AsRaw() {
				s.Buckets = append(s.Buckets, int64(n))
			}
			take(&s)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			s := of
			s.Kind = "histogram"
			about(&s, p.Timestamp(), p.StartTimestamp(), p.Attributes())
			s.Value, s.Count = p.Sum(), int64(p.Count())
			s.Bounds, s.Buckets = buckets(p)
			take(&s)
		}
	}
}

func numbers(all pmetric.NumberDataPointSlice, of archive.Sample, kind string, take func(*archive.Sample)) {
	for _, p := range all.All() {
		s := of
		s.Kind = kind
		about(&s, p.Timestamp(), p.StartTimestamp(), p.Attributes())
		switch p.ValueType() {
		case pmetric.NumberDataPointValueTypeInt:
			s.Value = float64(p.IntValue())
		case pmetric.NumberDataPointValueTypeDouble:
			s.Value = p.DoubleValue()
		default:
			continue // it has no value
		}
		take(&s)
	}
}

func about(s *archive.Sample, at, since pcommon.Timestamp, a pcommon.Map) {
	s.Time, s.Start = int64(at), int64(since)
	if a.Len() == 0 {
		return
	}
	pairs := map[string]string{}
	for key, v := range a.All() {
		pairs[key] = v.AsString()
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		out = append(out, key+"="+pairs[key])
	}
	s.Attributes = plaintext.Line(strings.Join(out, ","))
}

// buckets of an exponential histogram as those of an explicit one: zero and below are up
// to the first bound. Negative values, which no runtime measures, are counted there too.
func buckets(p pmetric.ExponentialHistogramDataPoint) (bounds []float64, counts []int64) {
	positive := p.Positive().BucketCounts()
	below := int64(p.ZeroCount())
	for _, n := range p.Negative().BucketCounts().AsRaw() {
		below += int64(n)
	}
	bound := func(i int) float64 {
		return math.Exp2(math.Ldexp(float64(p.Positive().Offset())+float64(i), -int(p.Scale())))
	}
	bounds, counts = append(bounds, bound(0)), append(counts, below)
	for i := range positive.Len() {
		bounds, counts = append(bounds, bound(i+1)), append(counts, int64(positive.At(i)))
	}
	return bounds, append(counts, 0)
}
