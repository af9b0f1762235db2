package logsource

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configretry"
)

// Where a log line has its trace id.
const (
	// InMetadata is structured metadata, where Loki puts that of OTLP logs, or a
	// label.
	InMetadata = "metadata"
	// InJSON is a field of a line that is a JSON object.
	InJSON = "json"
	// InLogfmt is a field of a line of key=value pairs.
	InLogfmt = "logfmt"
)

// Config selects a Loki and the lines to query.
type Config struct {
	// HTTP is the client: endpoint is Loki's base URL, such as
	// http://127.0.0.1:3100, without /loki/api/v1; timeout is that of one request,
	// its whole response included (default 5s). TLS, authentication and headers
	// are here too.
	HTTP confighttp.ClientConfig `mapstructure:"http"`
	// Tenant is sent as X-Scope-OrgID. Empty: no such header.
	Tenant string `mapstructure:"tenant"`
	// Selector is the LogQL stream selector of the logs to look at (default
	// {service_name=~".+"}: everything). The narrower, the less Loki reads.
	Selector string `mapstructure:"selector"`
	// Fields configures where a line has its ids and severity.
	Fields Fields `mapstructure:"fields"`
	// PageLines is how many lines to ask for at a time (default 5000, Loki's own
	// default limit). If Loki reports a lower limit, pages are that size.
	PageLines int `mapstructure:"page_lines"`
	// LookupIDs is how many trace ids one look-up asks for at a time (default
	// 500). A batch is smaller if its query would exceed max_query_bytes.
	LookupIDs int `mapstructure:"lookup_ids"`
	// MaxQueryBytes bounds a query's text (default 65536; Loki takes 131072).
	MaxQueryBytes int `mapstructure:"max_query_bytes"`
	// MaxResponseBytes bounds one response after decompression (default 64 MiB).
	// A page that is larger is asked for again with fewer lines.
	MaxResponseBytes int64 `mapstructure:"max_response_bytes"`
	// MaxBodyBytes is what is kept of a line's text (default 1024); the rest is
	// cut off.
	MaxBodyBytes int `mapstructure:"max_body_bytes"`
	// Retry is how requests are repeated that Loki throttles or fails (429, 5xx),
	// that find no connection, or time out (default: from 200ms, doubling to 2s,
	// for at most 10s, with jitter). A Retry-After that fits in is waited for.
	Retry configretry.BackOffConfig `mapstructure:"retry"`
	// Grafana is where links to logs lead. Without an endpoint there are none.
	Grafana Grafana `mapstructure:"grafana"`
}

// Fields configures where a line has its ids and severity.
type Fields struct {
	// In is metadata (default), json or logfmt.
	In string `mapstructure:"in"`
	// TraceID names the trace id's field (default trace_id), 32 hexadecimal
	// digits. Window finds either case; Lookup only lower case, as OpenTelemetry
	// writes it. In JSON, a dotted name such as ctx.trace_id is a field within a
	// field. In logfmt, a name has letters, digits and _ only, as Loki's parser wants.
	TraceID string `mapstructure:"trace_id"`
	// SpanID names the span id's field (default span_id). A line needs none.
	SpanID string `mapstructure:"span_id"`
	// Severity names the severity's field (default severity_text in metadata,
	// else level). A line without it has the level that Loki detected.
	Severity string `mapstructure:"severity"`
}

// Grafana is a Grafana whose Explore view shows logs.
type Grafana struct {
	// Endpoint is its base URL, such as https://grafana.example.com.
	Endpoint string `mapstructure:"endpoint"`
	// DatasourceUID is the uid of its Loki data source (default loki).
	DatasourceUID string `mapstructure:"datasource_uid"`
	// OrgID is its organization (default 1).
	OrgID int `mapstructure:"org_id"`
}

// DefaultConfig has every default; the endpoint has none.
func DefaultConfig() Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 5 * time.Second
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval = 200 * time.Millisecond
	retry.Multiplier = 2
	retry.MaxInterval = 2 * time.Second
	retry.MaxElapsedTime = 10 * time.Second
	return Config{
		HTTP:             client,
		Selector:         `{service_name=~".+"}`,
		Fields:           Fields{In: InMetadata, TraceID: "trace_id", SpanID: "span_id"},
		PageLines:        5000,
		LookupIDs:        500,
		MaxQueryBytes:    64 << 10,
		MaxResponseBytes: 64 << 20,
		MaxBodyBytes:     1024,
		Retry:            retry,
		Grafana:          Grafana{DatasourceUID: "loki", OrgID: 1},
	}
}

// lokiMaxQuery is Loki's own bound (maxInputSize of its LogQL parser).
const lokiMaxQuery = 131_072

// leastPage is the smallest page: below it, paging makes no headway worth the
// name.
const leastPage = 10

// selector is what LogQL takes: one or more matchers in braces.
var (
	matcher  = `\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(=~|!~|!=|=)\s*("([^"\\]|\\.)*"|` + "`[^`]*`" + `)\s*`
	selector = regexp.MustCompile(`^\s*\{` + matcher + `(,` + matcher + `)*,?\s*\}\s*$`)
	label    = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	path     = regexp.MustCompile(`^[a-zA-Z0-9_@-]+(\.[a-zA-Z0-9_@-]+)*$`)
)

// Validate reports all faults at once, each with its key and the fix.
func (c *Config) Validate() error {
	return errors.Join(
		c.checkHTTP(),
		fault(!selector.MatchString(c.Selector), "selector",
			fmt.Sprintf("%q is no LogQL stream selector", c.Selector), `write matchers in braces, such as {service_name="auth"}`),
		c.Fields.check(),
		c.checkBounds(),
		c.checkRetry(),
		c.Grafana.check(),
	)
}

func fault(is bool, key, what, fix string) error {
	if !is {
		return nil
	}
	return fmt.Errorf("%s: %s; %s", key, what, fix)
}

func (c *Config) checkHTTP() error {
	return errors.Join(
		checkURL("http.endpoint", c.HTTP.Endpoint, "write Loki's base URL, such as http://127.0.0.1:3100"),
		fault(strings.Contains(c.HTTP.Endpoint, "/loki/api"), "http.endpoint",
			"holds the path of Loki's API", "write the base URL alone; /loki/api/v1/query_range is added"),
		fault(c.HTTP.Timeout <= 0, "http.timeout",
			fmt.Sprintf("%s would let a slow Loki hold the join up for ever", c.HTTP.Timeout), "write a positive duration, such as 5s"),
		fault(strings.ContainsAny(c.Tenant, "\r\n"), "tenant", "has a line break", "write the tenant's id"),
	)
}

func checkURL(key, raw, fix string) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return fault(true, key, "is missing", fix)
	case err != nil:
		return fault(true, key, fmt.Sprintf("%q is not a URL", raw), fix)
	}
	return fault(u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "",
		key, fmt.Sprintf("%q is not the base URL of a server", raw), fix)
}

func (f Fields) check() error {
	name, kind, fix := label, "label", "write one such as trace_id"
	switch f.In {
	case InJSON:
		name, kind, fix = path, "field", "write one such as trace_id or ctx.trace_id"
	case InLogfmt: // LogQL's "logfmt label=field" takes identifiers, and answers 400 to anything else
		kind, fix = "field that Loki's logfmt parser takes",
			"have the service write one of letters, digits and _, such as trace_id; or let the agent put it into structured metadata, and write in: metadata"
	}
	faults := []error{fault(!slices.Contains([]string{InMetadata, InJSON, InLogfmt}, f.In), "fields.in",
		fmt.Sprintf("%q is no place for ids", f.In), "write metadata, json or logfmt")}
	for _, field := range []struct {
		key, value string
		needed     bool
	}{{"trace_id", f.TraceID, true}, {"span_id", f.SpanID, false}, {"severity", f.Severity, false}} {
		bad := !name.MatchString(field.value) && (field.needed || field.value != "")
		faults = append(faults, fault(bad, "fields."+field.key,
			fmt.Sprintf("%q is not the name of a %s", field.value, kind), fix))
	}
	return errors.Join(faults...)
}

func (c *Config) checkBounds() error {
	return errors.Join(
		fault(c.PageLines < leastPage, "page_lines",
			fmt.Sprintf("%d is too few to make headway", c.PageLines), fmt.Sprintf("write %d or more, such as 5000", leastPage)),
		fault(c.LookupIDs < 1, "lookup_ids", fmt.Sprintf("%d asks for nothing", c.LookupIDs), "write 1 or more, such as 500"),
		fault(c.MaxQueryBytes > lokiMaxQuery, "max_query_bytes",
			fmt.Sprintf("%d is more than Loki takes", c.MaxQueryBytes), fmt.Sprintf("write %d or less", lokiMaxQuery)),
		fault(c.MaxQueryBytes < len(c.Selector)+1024, "max_query_bytes",
			fmt.Sprintf("%d leaves no room for trace ids beside the selector", c.MaxQueryBytes), "write more, such as 65536"),
		fault(c.MaxResponseBytes < 1<<20, "max_response_bytes",
			fmt.Sprintf("%d does not hold a page of long lines", c.MaxResponseBytes), "write 1048576 or more"),
		fault(c.MaxBodyBytes < 1, "max_body_bytes", fmt.Sprintf("%d keeps no text", c.MaxBodyBytes), "write 1 or more, such as 1024"),
	)
}

func (c *Config) checkRetry() error {
	if err := c.Retry.Validate(); err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	return fault(c.Retry.Enabled && c.Retry.MaxElapsedTime <= 0, "retry.max_elapsed_time",
		"0 would repeat requests for ever", "write a positive duration, such as 10s")
}

func (g Grafana) check() error {
	if g.Endpoint == "" {
		return nil
	}
	return errors.Join(
		checkURL("grafana.endpoint", g.Endpoint, "write Grafana's base URL, such as https://grafana.example.com"),
		fault(g.DatasourceUID == "", "grafana.datasource_uid", "is missing", "write the uid of the Loki data source"),
		fault(g.OrgID < 1, "grafana.org_id", fmt.Sprintf("%d is no organization", g.OrgID), "write 1 or more"),
	)
}
