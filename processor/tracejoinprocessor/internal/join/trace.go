package join

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Origin is the resource that server spans are from. Instance is empty if nothing
// tells one replica of the service from another.
type Origin struct {
	Service, Instance string
}

// Server is the digest of a server span.
type Server struct {
	Trace        pcommon.TraceID
	ID, Parent   pcommon.SpanID
	Began, Ended pcommon.Timestamp
	Route        string // http.route, or the RPC's method
	From         *Origin
}

// Client is a client span that waits.
type Client struct {
	Trace  pcommon.TraceID
	ID     pcommon.SpanID
	Span   ptrace.Span // of the entry that it came in
	Wanted bool        // its trace is to be kept for what it is: slow, failed, or by its share
	// Of an Input with Wire: where the span is among the others, and what it tells. If
	// its trace is not kept, it leaves without a Span.
	Index int
	Told  *clientspan.Client
}

// Bounds of what is kept of one trace.
const (
	MaxServers = 256 // server spans; a trace of more has its first ones
	MaxLines   = 64  // log lines that are kept with their text
)

// Verdict is what becomes of a trace's spans.
type Verdict uint8

// The verdicts. Those of traces without a waiting client span stay open, and their
// spans go on.
const (
	Open Verdict = iota
	Kept
	NotKept
)

// Trace is what is known of one.
type Trace struct {
	ID      pcommon.TraceID
	Servers []Server
	Lines   []logline.Line
	// CutLines and CutServers count those that are not kept.
	CutLines, CutServers int
	Clients              int // that came, in all
	Verdict              Verdict
	Named                bool // by an exemplar
	wanted               bool
	refs                 int // entries that hold the trace
	bytes                int // of its digests and waiting spans
}

// Children are the server spans whose parent is a client span, and whether there
// are any. Traces are small: it looks at each.
func (t *Trace) Children(of pcommon.SpanID) (children []Server) {
	for i := range t.Servers {
		if t.Servers[i].Parent == of {
			if children == nil {
				children = t.Servers[i : i+1 : i+1] // no allocation for the usual one
			} else {
				children = append(children, t.Servers[i])
			}
		}
	}
	return children
}

// Outermost is the server span that began first.
func (t *Trace) Outermost() (Server, bool) {
	if len(t.Servers) == 0 {
		return Server{}, false
	}
	return slices.MinFunc(t.Servers, func(a, b Server) int { return int(int64(a.Began) - int64(b.Began)) }), true
}

// Sizes in memory, about: the structs with their share of slices and maps.
const (
	traceBytes  = 224
	serverBytes = 96
	lineBytes   = 112
	entryBytes  = 160
)

// HeldBytes is what each span of an Input with Wire is charged beside its bytes, and
// ToldBytes what each client of it is, too.
const (
	HeldBytes = 8
	ToldBytes = 224
)

// ClientBytes is what a client span is charged beside its entry's spans.
const ClientBytes = 80
