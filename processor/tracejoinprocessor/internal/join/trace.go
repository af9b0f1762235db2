package join

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Resource is the resource that server spans are from. Instance is empty if nothing
// distinguishes the replicas of the service.
type Resource struct {
	Namespace         string // of the service, empty if it is not said
	Service, Instance string
	By                int  // as of window.Identity
	NotGo             bool // the process is written in another language (telemetry.sdk.language)
}

// Size of an origin in memory, in bytes, about.
func (o *Resource) Size() int {
	if o == nil {
		return 0
	}
	return resourceBytes + len(o.Namespace) + len(o.Service) + len(o.Instance)
}

// Server is the digest of a server span.
type Server struct {
	Trace        pcommon.TraceID
	ID, Parent   pcommon.SpanID
	Began, Ended pcommon.Timestamp
	Route        string // http.route, or the RPC's method, or the span's name
	Resource     *Resource
}

// Size of a server span's digest in memory, in bytes, about, without its origin.
func (v *Server) Size() int { return serverBytes + len(v.Route) }

// Client is a client span that waits.
type Client struct {
	Trace  pcommon.TraceID
	ID     pcommon.SpanID
	Span   ptrace.Span // of the batch that it came in
	Own    bool        // it is of the run that is counted
	Wanted bool        // its trace is to be kept for what it is, such as slow or failed
	// Sampled: its trace is to be kept as one of the share of all.
	Sampled bool
	// Of an Input with Encoded: the index of the span among the others, and its content. If
	// its trace is not kept, it leaves without a Span.
	Index int
	Info  *clientspan.Client
}

// Bounds of what is kept of one trace.
const (
	MaxServers = 256 // server spans; a trace of more has its first ones
	MaxLines   = 64  // log lines that are kept with their text
)

// Decision is what becomes of a trace's spans.
type Decision uint8

// The decisions. Those of traces without a waiting client span stay open, and their
// spans go on.
const (
	Pending Decision = iota
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
	Decision             Decision
	Named                bool // by an exemplar
	Sampled              bool // it is kept as one of the share alone
	wanted, sampled      bool
	refs                 int // batches that hold the trace
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

// Took is how long the span was open, by the clock of its own host.
func (v *Server) Took() time.Duration {
	return max(0, time.Duration(v.Ended)-time.Duration(v.Began))
}

// Outermost is the server span that the others were within, of a request that took
// so long: one that has none of them for a parent, and of several the one that was
// open longest, but no longer than the request. Their begins are by the clocks of
// different hosts, and tell nothing.
func (t *Trace) Outermost(request time.Duration) (Server, bool) {
	best, most := -1, request+request/4+endsLate
	for _, under := range []bool{false, true} { // all are under another one where parents go round in a circle
		for i := range t.Servers {
			if t.isUnder(i) == under && (best < 0 || outer(&t.Servers[i], &t.Servers[best], most)) {
				best = i
			}
		}
		if best >= 0 {
			return t.Servers[best], true
		}
	}
	return Server{}, false
}

// isUnder reports whether the parent of a server span is another one.
func (t *Trace) isUnder(i int) bool {
	parent := t.Servers[i].Parent
	return !parent.IsEmpty() && slices.ContainsFunc(t.Servers, func(v Server) bool { return v.ID == parent && v.ID != t.Servers[i].ID })
}

// endsLate is how long a server span may end after its response was read, beside a
// quarter of what the request took, until it counts as left behind.
const endsLate = 5 * time.Millisecond

// outer reports whether a is rather than b the one that the other was within. What
// was open for longer than most was left behind by one that had waited for it in vain.
func outer(a, b *Server, most time.Duration) bool {
	switch left, right := a.Took() > most, b.Took() > most; {
	case left != right:
		return right
	case left:
		return a.Took() < b.Took()
	}
	return a.Took() > b.Took()
}

// Sizes in memory, about: the structs with their share of slices and maps.
const (
	traceBytes    = 224
	serverBytes   = 96
	resourceBytes = 80
	batchBytes    = 160
	referenceSize = 16 // a trace that a batch refers to
)

// SpanBytes is what each span of an Input with Encoded is charged beside its bytes, and
// ToldBytes what each client of it is, too.
const (
	SpanBytes = 8
	InfoBytes = 224
)

// ClientBytes is what a client span is charged beside its batch's spans.
const ClientBytes = 80
