package hub

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// 7ed9d53 had no route for servers that know none: Caddy, Prometheus, Fastify.
func TestARouteIsOfTheConventionsOrTheSpansName(t *testing.T) {
	long := strings.Repeat("é", routeBytes)
	for name, c := range map[string]struct {
		span       string
		attributes map[string]any
		want       string
	}{
		"HTTP":                     {"GET /a/{id}", map[string]any{"http.route": "/a/{id}"}, "/a/{id}"},
		"HTTP, an empty route":     {"GET", map[string]any{"http.route": ""}, "GET"},
		"HTTP, no route":           {"handler", map[string]any{"url.path": "/a/1"}, "handler"},
		"HTTP, a route of numbers": {"GET", map[string]any{"http.route": 5}, "GET"},
		"RPC, new":                 {"auth.v1.Auth/Validate", map[string]any{"rpc.method": "auth.v1.Auth/Validate"}, "auth.v1.Auth/Validate"},
		"RPC, old":                 {"span", map[string]any{"rpc.service": "auth.v1.Auth", "rpc.method": "Validate"}, "auth.v1.Auth/Validate"},
		"RPC, a service alone":     {"span", map[string]any{"rpc.service": "auth.v1.Auth"}, "span"},
		"nothing":                  {"", nil, ""},
		"a long name":              {long, nil, long[:routeBytes]},
		"a long route":             {"x", map[string]any{"http.route": long}, long[:routeBytes]},
	} {
		t.Run(name, func(t *testing.T) {
			s := ptrace.NewSpan()
			s.SetName(c.span)
			assert.NoError(t, s.Attributes().FromRaw(c.attributes))
			assert.Equal(t, c.want, digest(s, &join.Resource{}).Route)
		})
	}
}
