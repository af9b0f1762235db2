package window_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// An instance id is one within a service, and a service's name one within its
// namespace: shop/auth and bank/auth, both with an instance 1, were one.
func TestServicesOfOneNameInTwoNamespacesAreTwo(t *testing.T) {
	type sample struct {
		namespace, instance string
		goroutines          float64
	}
	for name, c := range map[string]struct {
		samples    []sample
		of         window.Identity
		want       float64 // 0 for none
		resolution string
	}{
		"of the same id":                         {[]sample{{"shop", "1", 10}, {"bank", "1", 20}}, window.Identity{Namespace: "bank", Service: "auth", Instance: "1"}, 20, window.ByInstance},
		"and the other":                          {[]sample{{"shop", "1", 10}, {"bank", "1", 20}}, window.Identity{Namespace: "shop", Service: "auth", Instance: "1"}, 10, window.ByInstance},
		"one instance each, and no id":           {[]sample{{"shop", "1", 10}, {"bank", "2", 20}}, window.Identity{Namespace: "bank", Service: "auth"}, 20, window.ByService},
		"samples of another namespace only":      {[]sample{{"shop", "1", 10}}, window.Identity{Namespace: "bank", Service: "auth", Instance: "1"}, 0, ""},
		"samples that do not say theirs":         {[]sample{{"", "1", 10}, {"", "2", 20}}, window.Identity{Namespace: "bank", Service: "auth", Instance: "2"}, 20, window.ByInstance},
		"a span that does not say its":           {[]sample{{"shop", "1", 10}}, window.Identity{Service: "auth", Instance: "1"}, 10, window.ByService},
		"a span that does not say which of two":  {[]sample{{"shop", "1", 10}, {"bank", "1", 20}}, window.Identity{Service: "auth", Instance: "1"}, 0, ""},
		"samples with and without, of one place": {[]sample{{"shop", "1", 10}, {"", "1", 20}}, window.Identity{Namespace: "shop", Service: "auth", Instance: "1"}, 10, window.ByInstance},
	} {
		for _, scraped := range []bool{false, true} {
			s := window.NewStore()
			for _, sample := range c.samples {
				s.ReadMetrics(inNamespace(sample.namespace, sample.instance, sample.goroutines, scraped))
			}
			q := question(100*time.Millisecond, 200*time.Millisecond)
			q.Of = c.of
			a := s.Query(q)
			assert.Equal(t, c.resolution, a.Resolution, "%s, scraped: %v", name, scraped)
			assert.Equal(t, c.want, a.Levels[window.Goroutines].V, "%s, scraped: %v", name, scraped)
		}
	}
}

// inNamespace is a sample of a service's resource, or of our exporter's with the
// service in the labels.
func inNamespace(namespace, instance string, v float64, scraped bool) pmetric.Metrics {
	name, keys := "go.goroutine.count", [3]string{"service.namespace", "service.name", "service.instance.id"}
	if scraped {
		name, keys = "go_goroutines", [3]string{"service_namespace", "service_name", "service_instance_id"}
	}
	put := func(a pcommon.Map) {
		for i, value := range []string{namespace, "auth", instance} {
			if value != "" {
				a.PutStr(keys[i], value)
			}
		}
	}
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	gauge(rm.ScopeMetrics().AppendEmpty().Metrics(), name, at(0), v)
	if scraped {
		rm.Resource().Attributes().PutStr("service.name", "go-runtime")
		put(rm.ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0).Attributes())
	} else {
		put(rm.Resource().Attributes())
	}
	return md
}
