package window_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

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
			assert.Equal(t, window.Identity{Service: "web", Instance: c.instance}, window.IdentityOf(r))
		})
	}
}
