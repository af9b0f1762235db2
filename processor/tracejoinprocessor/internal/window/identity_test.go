package window_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// Replicas without service.instance.id once had one clock and one set of samples.
func TestAnInstanceIsKnownByItsPlaceAndProcess(t *testing.T) {
	for _, c := range []struct {
		name     string
		resource map[string]any
		instance string
	}{
		{"its own id", map[string]any{"service.instance.id": "a", "host.name": "h", "process.pid": 7}, "a"},
		{"an empty id", map[string]any{"service.instance.id": "", "host.name": "h", "process.pid": 7}, "h/7"},
		{"a container", map[string]any{"container.id": "c", "k8s.pod.uid": "p", "host.name": "h"}, "c"},
		{"a container of a pod", map[string]any{"k8s.pod.uid": "p", "k8s.container.name": "web", "process.pid": 1}, "p/web/1"},
		{"a pod", map[string]any{"k8s.pod.uid": "p", "k8s.pod.name": "n"}, "p"},
		{"the name of a pod", map[string]any{"k8s.namespace.name": "shop", "k8s.pod.name": "web-1"}, "shop/web-1"},
		{"a host's id", map[string]any{"host.id": "i", "host.name": "h", "process.pid": "8"}, "i/8"},
		{"a host alone", map[string]any{"host.name": "h"}, "h"},
		{"a process of an unknown place", map[string]any{"process.pid": 7}, ""},
		{"nothing", map[string]any{"k8s.namespace.name": "shop"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := pcommon.NewResource()
			require.NoError(t, r.Attributes().FromRaw(c.resource))
			r.Attributes().PutStr("service.name", "web")
			id := window.IdentityOf(r)
			assert.Equal(t, "web", id.Service)
			assert.Equal(t, c.instance, id.Instance)
		})
	}
}

// Agents add attributes of hosts to the resources of one signal and not of another:
// then the names say nothing of which instance it is, and the only one counts.
func TestNamesAfterDifferentAttributesDoNotTellInstancesApart(t *testing.T) {
	resource := func(attributes map[string]any) pcommon.Resource {
		r := pcommon.NewResource()
		require.NoError(t, r.Attributes().FromRaw(attributes))
		r.Attributes().PutStr("service.name", "web")
		return r
	}
	for _, c := range []struct {
		name       string
		asked      map[string]any
		resolution string
	}{
		{"the same", map[string]any{"host.name": "h", "process.pid": 1}, window.ByInstance},
		{"another process", map[string]any{"host.name": "h", "process.pid": 2}, ""},
		{"another host", map[string]any{"host.name": "i", "process.pid": 1}, ""},
		{"an id", map[string]any{"service.instance.id": "a"}, window.ByService},
		{"a host alone", map[string]any{"host.name": "h"}, window.ByService},
		{"a container", map[string]any{"container.id": "c", "process.pid": 1}, window.ByService},
		{"nothing", nil, window.ByService},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := window.NewStore()
			md := payload("", "", func(ms pmetric.MetricSlice) { gauge(ms, "go.goroutine.count", at(0), 7) })
			resource(map[string]any{"host.name": "h", "process.pid": 1}).CopyTo(md.ResourceMetrics().At(0).Resource())
			s.ReadMetrics(md)
			q := question(0, time.Second)
			q.Of = window.IdentityOf(resource(c.asked))
			assert.Equal(t, c.resolution, s.Query(q).Resolution)
		})
	}
}
