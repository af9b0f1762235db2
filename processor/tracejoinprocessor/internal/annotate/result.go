package annotate

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// Status of a joined span.
type Status string

// The statuses: every expected part is there, some are, none is.
const (
	Complete Status = "complete"
	Partial  Status = "partial"
	None     Status = "none"
)

// Missing is the reason why a part is missing.
type Missing string

// The reasons.
const (
	NoServerSpan  Missing = "no_server_span"
	NotSampled    Missing = "not_sampled"     // and so no server span
	NoRuntime     Missing = "no_runtime"      // the instance sent no samples, or they were scraped and its clock is unknown; others of its service did
	RuntimeTooOld Missing = "runtime_too_old" // it did, and none near the work
	NoLogs        Missing = "no_logs"
	Implausible   Missing = "implausible" // a server span, or a figure of a sample, cannot be true and was not used
	NoClock       Missing = "no_clock"    // the request got no response, and no other request shows the offset
)

// Absent is the reason why a part is not expected, so that a request without it can be complete.
type Absent string

// What cannot be joined.
const (
	NotGo            Absent = "not_go"             // the server's process is not Go, and has sent nothing about its runtime
	RuntimeNeverSent Absent = "runtime_never_sent" // no sample of the service was ever received
	LogsNeverSent    Absent = "logs_never_sent"    // nor a line of its log
)

// Signals are those ever received from a request's service, or from any service for a
// request without a server span.
type Signals struct{ Samples, Lines bool }

// Resolutions of the server span.
const (
	ByChild = "child" // its parent is the client span
	ByTrace = "trace" // the others were within it, in a trace with this one client span
)

// Server is the server's side of a request.
type Server struct {
	join.Server
	Duration   time.Duration // in which any of its spans was open
	Spans      int           // direct children
	Resolution string        // empty: there is none
}

// Result is one request, joined.
type Result struct {
	Trace       pcommon.TraceID
	Span        pcommon.SpanID
	Client      clientspan.Client
	Server      Server
	Others      []join.Server
	OthersCut   int
	Clock       clock.Estimate
	Clocked     bool
	Runtime     window.Answer
	Lines       []logline.Line
	LinesCut    int
	Ledger      ledger.Ledger
	Status      Status
	Missing     []Missing
	Observed    Signals
	NoRuntime   Absent // why the runtime is not expected; empty if it is, or is there
	NoLogs      Absent
	Reason      join.Reason
	Implausible bool          // a server span of the trace cannot be true
	children    []join.Server // if there are several
}

// Expected lists the parts that can be joined: those of signals that have a pipeline. What
// a service has never sent is not expected of its requests.
type Expected struct {
	Runtime, Logs bool
}

// Match is the result of a client span and of the server's side of it: its direct children,
// or in a trace where it is the only client span the server span that the others were
// within. Those that cannot be true are left out. The client span has waited for a time
// until now. The result, which is large, is empty before.
func (r *Result) Match(j *join.Joined, now time.Time, waited time.Duration) {
	r.Trace, r.Span = j.Trace, j.ID
	if j.Info != nil {
		r.Client = *j.Info
	} else {
		r.Client = clientspan.Read(j.Span)
	}
	of := r.dropImplausible(j.Of, now, waited)
	children := of.Children(r.Span)
	switch {
	case r.Implausible && len(children) == 0 && len(j.Of.Children(r.Span)) > 0: // none of the others is the child
	case len(children) > 0:
		r.Server = serverOf(children)
		r.Server.Resolution = ByChild
		if len(children) > 1 {
			r.children = children
		}
	case j.Alone:
		if s, ok := of.Outermost(r.Client.Done.Sub(r.Client.Sent)); ok {
			children = []join.Server{s}
			r.Server = serverOf(children)
			r.Server.Resolution = ByTrace
		}
	}
	for i := range of.Servers {
		if s := &of.Servers[i]; j.Alone && !slices.ContainsFunc(children, func(c join.Server) bool { return c.ID == s.ID }) {
			r.Others = append(r.Others, *s)
		}
	}
	r.OthersCut = j.Of.CutServers
	r.lines(j)
}

// lines are those of the trace: of a trace with several client spans those that
// the matched server spans or the client wrote.
func (r *Result) lines(j *join.Joined) {
	if j.Alone {
		r.Lines, r.LinesCut = j.Of.Lines, j.Of.CutLines
		return
	}
	for i := range j.Of.Lines {
		if id := j.Of.Lines[i].SpanID; !id.IsEmpty() && (id == r.Span || id == r.Server.ID) {
			r.Lines = append(r.Lines, j.Of.Lines[i])
		}
	}
}

// Pair returns the four times for the clock, if they are usable: of one direct child
// of a request that was answered.
func (r *Result) Pair() (p clock.Pair, ok bool) {
	if r.Server.Resolution != ByChild || r.Server.Spans != 1 || !r.Client.Answered {
		return p, false
	}
	return clock.Pair{
		Sent: r.Client.Asked(), Done: r.Client.Done,
		Began: r.Server.Began.AsTime(), Ended: r.Server.Ended.AsTime(),
	}, true
}

// Query returns the query for the runtime; ok is false without a server.
func (r *Result) Query(maxAge time.Duration) (q window.Query, ok bool) {
	if r.Server.Resolution == "" {
		return q, false
	}
	from := r.Server.Resource
	return window.Query{
		Of:      window.Identity{Namespace: from.Namespace, Service: from.Service, Instance: from.Instance, By: from.By},
		Began:   r.Server.Began.AsTime(),
		Ended:   r.Server.Ended.AsTime(),
		Offset:  r.Clock.Offset,
		Bound:   r.Clock.Bound,
		Clocked: r.Clocked,
		MaxAge:  maxAge,
	}, true
}

// Conclude draws the ledger and the status, when everything else is known.
func (r *Result) Conclude(e Expected) {
	r.Client.Request.Answered = r.Server.Resolution != ""
	r.Client.Request.Server = r.Server.Duration
	r.Ledger = ledger.Of(r.Client.Request)
	r.Missing, r.Status, r.NoRuntime, r.NoLogs = r.Missing[:0], Complete, "", ""
	has := r.server()
	if e.Runtime {
		has = r.runtime() || has
	}
	if e.Logs {
		has = r.logs() || has
	}
	switch {
	case !has:
		r.Status = None
	case len(r.Missing) > 0:
		r.Status = Partial
	}
}

func (r *Result) server() bool {
	switch {
	case r.Server.Resolution != "" && r.Clocked:
	case r.Server.Resolution != "":
		r.Missing = append(r.Missing, NoClock)
	case r.Client.NotSampled:
		r.Missing = append(r.Missing, NotSampled)
	default:
		r.Missing = append(r.Missing, NoServerSpan)
	}
	if r.Implausible {
		r.Missing = append(r.Missing, Implausible)
	}
	return r.Server.Resolution != ""
}

func (r *Result) runtime() bool {
	if r.Runtime.Implausible && !r.Implausible {
		r.Missing = append(r.Missing, Implausible)
	}
	switch {
	case r.Runtime.Known():
		return true
	case r.Runtime.Implausible: // reported above
	case r.Runtime.TooOld:
		r.Missing = append(r.Missing, RuntimeTooOld)
	case r.Observed.Samples:
		r.Missing = append(r.Missing, NoRuntime)
	case r.Server.Resource != nil && r.Server.Resource.NotGo:
		r.NoRuntime = NotGo
	default:
		r.NoRuntime = RuntimeNeverSent
	}
	return false
}

func (r *Result) logs() bool {
	switch {
	case len(r.Lines) > 0 || r.LinesCut > 0:
		return true
	case r.Observed.Lines:
		r.Missing = append(r.Missing, NoLogs)
	default:
		r.NoLogs = LogsNeverSent
	}
	return false
}
