package hub

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Options of a Hub. All must be set, but for Own, Source, Pull, Link and Warn.
type Options struct {
	Wait         time.Duration
	MaxBytes     int64
	TraceBytes   int // of one trace, at most
	Shards       int
	DrainTimeout time.Duration
	Clients      Clients
	Optional     bool // whether targets need not send telemetry
	// Own reports whether Coverage and the Own counts of Counts include the root client
	// span of a trace; nil includes all client spans.
	Own        func(pcommon.TraceID) bool
	Keep       Keep
	Logs       Logs
	RuntimeAge time.Duration // samples further away are not used
	Interval   time.Duration // of derived metrics
	Exemplars  int           // of each series and interval
	Others     int           // server spans of other services that are listed
	Instance   string        // service.instance.id of derived metrics
	// Source is asked for the log lines of requests that matter and have none.
	Source Source
	// Pull fetches the lines of all requests, where no pipeline brings them.
	Pull Pull
	// Link is the URL of a request's log lines.
	Link func(trace pcommon.TraceID, from, to time.Time) string
	// Warn is called once for each kind of error that an operator should see.
	Warn func(what string, err error)
}

// Clients selects the client spans that wait.
type Clients struct {
	WithParent bool     // also those that have a parent span
	Services   []string // only those of these services; of all, if empty
}

// Keep selects the traces that are passed on.
type Keep struct {
	All      bool
	Slow     time.Duration // response time from which a trace is kept; 0 for none
	Failed   bool
	Share    float64 // of all others, by the randomness of their trace id
	Remember int     // traces of either verdict that are known by their id, in all
}

// Logs bounds the log lines that are kept, and selects the requests whose lines are looked up.
type Logs struct {
	Lines         int // events of a span
	BodyBytes     int
	LookupTimeout time.Duration
	LookupSlow    time.Duration // response time from which lines are looked up
}

// Source looks log lines up by trace id. It yields on the caller's goroutine, and
// after an error the lines yielded so far are good.
type Source interface {
	Lookup(ctx context.Context, ids []pcommon.TraceID, from, to time.Time, yield func(logline.Line)) error
}

// Consumers are what is behind the handles; nil where there is none.
type Consumers struct {
	Traces  consumer.Traces
	Metrics consumer.Metrics
	Logs    consumer.Logs
}

// keys has the services be keys, as those of telemetry are.
func (c Clients) keys() Clients {
	c.Services = slices.Clone(c.Services)
	for i, service := range c.Services {
		c.Services[i] = utf8text.Key(service)
	}
	return c
}

func (c Clients) of(service string) bool {
	return len(c.Services) == 0 || slices.Contains(c.Services, service)
}

// generator reports whether a service is known to be a load generator: ours, or one that
// is named. The events of a run have a trace id, too.
func (c Clients) generator(service string) bool {
	return service == attr.ServiceLoadtrace || slices.Contains(c.Services, service)
}
