package logsource

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func valid() Config {
	c := DefaultConfig()
	c.HTTP.Endpoint = "http://127.0.0.1:3100"
	return c
}

func TestTheDefaultsNeedAnEndpointAndNothingElse(t *testing.T) {
	c := DefaultConfig()
	assert.EqualError(t, c.Validate(), "http.endpoint: is missing; write Loki's base URL, such as http://127.0.0.1:3100")
	c = valid()
	assert.NoError(t, c.Validate())
}

func TestAConfigIsReadOverTheDefaults(t *testing.T) {
	c := DefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"http":     map[string]any{"endpoint": "https://logs.example.com/loki", "tls": map[string]any{"insecure_skip_verify": true}},
		"tenant":   "team-a",
		"fields":   map[string]any{"in": "json", "trace_id": "ctx.trace_id"},
		"retry":    map[string]any{"max_elapsed_time": "3s"},
		"selector": `{service_name="auth", env!~"dev|test"}`,
	}).Unmarshal(&c))
	require.NoError(t, c.Validate())
	assert.Equal(t, 5*time.Second, c.HTTP.Timeout)
	assert.Equal(t, 3*time.Second, c.Retry.MaxElapsedTime)
	assert.Equal(t, 200*time.Millisecond, c.Retry.InitialInterval)
	assert.Equal(t, "span_id", c.Fields.SpanID)
}

func TestAFaultNamesItsKeyAndTheFix(t *testing.T) {
	for key, spoil := range map[string]func(*Config){
		"http.endpoint":          func(c *Config) { c.HTTP.Endpoint = "127.0.0.1:3100" },
		"http.endpoint: holds":   func(c *Config) { c.HTTP.Endpoint += "/loki/api/v1" },
		"http.timeout":           func(c *Config) { c.HTTP.Timeout = 0 },
		"tenant":                 func(c *Config) { c.Tenant = "a\nb" },
		"selector":               func(c *Config) { c.Selector = "service_name=auth" },
		"selector: \"{}\"":       func(c *Config) { c.Selector = "{}" },
		"fields.in":              func(c *Config) { c.Fields.In = "xml" },
		"fields.trace_id":        func(c *Config) { c.Fields.TraceID = "trace.id" }, // of a label
		"fields.span_id":         func(c *Config) { c.Fields.SpanID = `a"b` },
		"page_lines":             func(c *Config) { c.PageLines = 1 },
		"lookup_ids":             func(c *Config) { c.LookupIDs = 0 },
		"max_query_bytes":        func(c *Config) { c.MaxQueryBytes = 1 << 20 },
		"max_query_bytes: 100":   func(c *Config) { c.MaxQueryBytes = 100 },
		"max_response_bytes":     func(c *Config) { c.MaxResponseBytes = 1 },
		"max_body_bytes":         func(c *Config) { c.MaxBodyBytes = 0 },
		"retry":                  func(c *Config) { c.Retry.InitialInterval = -1 },
		"retry.max_elapsed_time": func(c *Config) { c.Retry.MaxElapsedTime = 0 },
		"grafana.endpoint":       func(c *Config) { c.Grafana.Endpoint = "grafana" },
		"grafana.datasource_uid": func(c *Config) { c.Grafana.Endpoint, c.Grafana.DatasourceUID = "http://g", "" },
		"grafana.org_id":         func(c *Config) { c.Grafana.Endpoint, c.Grafana.OrgID = "http://g", 0 },
	} {
		c := valid()
		spoil(&c)
		err := c.Validate()
		require.Error(t, err, key)
		assert.True(t, strings.HasPrefix(err.Error(), key), "%s: %v", key, err)
		assert.NotContains(t, err.Error(), "\n", "one fault, one message")
	}
}

// Loki answers 400 to a query with such a field (pkg/logql/log/logfmt/lexer.go), which
// once only a count told.
func TestFieldsOfLogfmtAreThoseThatLokisParserTakes(t *testing.T) {
	for name, ok := range map[string]bool{
		"trace_id": true, "traceId": true, "_t1": true,
		"ctx.trace_id": false, "trace-id": false, "1trace": false, "trace@id": false, "": false,
	} {
		c := valid()
		c.Fields.In, c.Fields.TraceID = InLogfmt, name
		if ok {
			assert.NoError(t, c.Validate(), name)
		} else {
			assert.ErrorContains(t, c.Validate(), "fields.trace_id: ", name)
			assert.ErrorContains(t, c.Validate(), "letters, digits and _", name)
		}
	}
	c := valid()
	c.Fields = Fields{In: InLogfmt, TraceID: "trace_id", SpanID: "span-id", Severity: "log.level"}
	assert.ErrorContains(t, c.Validate(), "fields.span_id: ")
	assert.ErrorContains(t, c.Validate(), "fields.severity: ")
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	c := valid()
	c.PageLines, c.Fields.In = 0, ""
	assert.ErrorContains(t, c.Validate(), "page_lines")
	assert.ErrorContains(t, c.Validate(), "fields.in")
}
