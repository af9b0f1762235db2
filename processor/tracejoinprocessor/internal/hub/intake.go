package hub

import (
	"context"
	"encoding/binary"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/pdatasize"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// intake splits a payload: what waits goes to the shard of its trace, the rest stays.
type intake struct {
	o          *Options
	passAll    bool // nothing waits
	inputs     []join.Input
	lastClient *clientspan.Client // the last one that was read
	out        []sorter
	bytes      int
	held       int
	unobserved int // client spans of Options.Own that do not wait, since none does
}

// sorter appends spans of one resource and scope after another.
type sorter struct {
	spans           ptrace.SpanSlice
	rs              ptrace.ResourceSpans
	resource, scope bool // rs and spans are of the current one
	charged         bool // for the current resource and its scopes
}

// shardOf a trace. The first half of our ids is that of the run.
func shardOf(id pcommon.TraceID, n int) int {
	if n == 1 {
		return 0
	}
	return int(binary.LittleEndian.Uint64(id[8:]) * 0x9e3779b97f4a7c15 >> 33 % uint64(n))
}

// newIntake splits a payload. What waits is moved out of it; with passAll nothing does.
func newIntake(o *Options, td ptrace.Traces, none bool) *intake {
	in := &intake{o: o, passAll: none, inputs: make([]join.Input, o.Shards), out: make([]sorter, o.Shards)}
	for i := range in.inputs {
		in.inputs[i].Spans = ptrace.NewTraces()
	}
	whole := o.Shards == 1 && in.waitsWhole(td)
	if whole {
		td.MoveTo(in.inputs[0].Spans)
		td = in.inputs[0].Spans
	}
	for _, rs := range td.ResourceSpans().All() {
		in.resource(rs, whole)
	}
	if !whole {
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool { return ss.Spans().Len() == 0 })
			return rs.ScopeSpans().Len() == 0
		})
	}
	return in
}

// waitsWhole: every span waits, as in the payloads of a load generator, so that
// none needs to be moved.
func (in *intake) waitsWhole(td ptrace.Traces) bool {
	for _, rs := range td.ResourceSpans().All() {
		service := window.IdentityOf(rs.Resource()).Service
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if !in.waits(s, service) {
					return false
				}
			}
		}
	}
	return td.ResourceSpans().Len() > 0
}

func (in *intake) resource(rs ptrace.ResourceSpans, whole bool) {
	id := window.IdentityOf(rs.Resource())
	var from *join.Resource
	for i := range in.out {
		in.out[i].resource, in.out[i].charged = false, false
	}
	for _, ss := range rs.ScopeSpans().All() {
		for i := range in.out {
			in.out[i].scope = false
		}
		take := func(s ptrace.Span) bool {
			to := shardOf(s.TraceID(), len(in.inputs))
			if isServer(s) {
				if from == nil {
					from = originOf(rs.Resource(), id)
				}
				in.inputs[to].Servers = append(in.inputs[to].Servers, digest(s, from))
			}
			if !in.waits(s, id.Service) {
				if in.passAll && identified(s) && in.isClient(s, id.Service) && in.isOwn(s) {
					in.unobserved++
				}
				return false
			}
			if !whole {
				s = in.out[to].move(in.inputs[to].Spans, rs, ss, s)
			}
			if !in.out[to].charged {
				size := pdatasize.ResourceSpans(rs)
				in.out[to].charged = true
				in.inputs[to].Bytes += size
				in.bytes += size
			}
			in.add(&in.inputs[to], s, id.Service)
			return !whole
		}
		ss.Spans().RemoveIf(take)
	}
}

// move a span to another payload, under the same resource and scope.
func (o *sorter) move(to ptrace.Traces, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, s ptrace.Span) ptrace.Span {
	if !o.resource {
		o.rs, o.resource = to.ResourceSpans().AppendEmpty(), true
		rs.Resource().CopyTo(o.rs.Resource())
		o.rs.SetSchemaUrl(rs.SchemaUrl())
	}
	if !o.scope {
		scope := o.rs.ScopeSpans().AppendEmpty()
		ss.Scope().CopyTo(scope.Scope())
		scope.SetSchemaUrl(ss.SchemaUrl())
		o.spans, o.scope = scope.Spans(), true
	}
	dst := o.spans.AppendEmpty()
	s.MoveTo(dst)
	return dst
}

// pass hands on what does not wait. If it is refused, td has everything again, for
// a sender that will try again with the same payload. What was handed on belongs to
// the next consumer, which may share it among several: so it is not td itself that
// goes there if something is to be put back.
func (in *intake) pass(ctx context.Context, td ptrace.Traces, next consumer.Traces) error {
	if in.held == 0 {
		return next.ConsumeTraces(ctx, td)
	}
	passing := ptrace.NewTraces()
	td.MoveTo(passing)
	err := next.ConsumeTraces(ctx, passing)
	switch {
	case err == nil:
		return nil
	case passing.IsReadOnly():
		passing.CopyTo(td)
	default:
		passing.MoveTo(td)
	}
	in.restore(td)
	return err
}

func (in *intake) restore(td ptrace.Traces) {
	for i := range in.inputs {
		in.inputs[i].Spans.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
}

// encode what waits, if other spans than those of clients do: then most of what waits
// is not looked at again until it leaves, and of traces that are not kept never.
func (in *intake) encode() {
	for i := range in.inputs {
		to := &in.inputs[i]
		if in.o.Keep.All || len(to.IDs) == 0 {
			continue
		}
		// Cannot fail: it only encodes.
		to.Encoded, _ = (&ptrace.ProtoMarshaler{}).MarshalTraces(to.Spans)
		to.Spans = ptrace.NewTraces()
		to.Decoded, to.Bytes = to.Bytes, len(to.Encoded)+len(to.IDs)*join.SpanBytes+len(to.Clients)*(join.ClientBytes+join.InfoBytes)
		var last clientspan.Client
		for j := range to.Clients {
			to.Clients[j].Span = ptrace.Span{}
			if info := to.Clients[j].Info; info.Run != last.Run || info.Attack != last.Attack { // else they share it; see read
				last = *info
				to.Bytes += len(info.Run) + len(info.Attack)
			}
		}
	}
}

// isClient: a client span of a load test.
func (in *intake) isClient(s ptrace.Span, service string) bool {
	if s.Kind() != ptrace.SpanKindClient || !in.o.Clients.of(service) {
		return false
	}
	return in.o.Clients.WithParent || s.ParentSpanID().IsEmpty()
}

// waits reports whether a span waits. One without an id never does: all such would
// look like one trace, or like each other.
func (in *intake) waits(s ptrace.Span, service string) bool {
	if in.passAll || !identified(s) {
		return false
	}
	return !in.o.Keep.All || in.isClient(s, service)
}

func identified(s ptrace.Span) bool { return !s.TraceID().IsEmpty() && !s.SpanID().IsEmpty() }

// add charges a span, and lists it if it is a client's.
func (in *intake) add(to *join.Input, s ptrace.Span, service string) {
	in.held++
	size := pdatasize.Span(s) + join.ClientBytes
	to.Bytes += size
	in.bytes += size
	if !in.o.Keep.All {
		to.IDs = append(to.IDs, s.TraceID())
	}
	if !in.isClient(s, service) {
		return
	}
	c := join.Client{Trace: s.TraceID(), ID: s.SpanID(), Span: s, Wanted: true, Own: in.isOwn(s)}
	if !in.o.Keep.All {
		info := in.read(s)
		c.Index, c.Info = len(to.IDs)-1, info
		c.Wanted, c.Sampled = in.o.Keep.wants(info.Request.Response, info.Failed), in.o.Keep.samples(s)
	}
	to.Clients = append(to.Clients, c)
}

// isOwn reports whether a client span is of the run that is counted.
func (in *intake) isOwn(s ptrace.Span) bool {
	return in.o.Own == nil || s.ParentSpanID().IsEmpty() && in.o.Own(s.TraceID())
}

// read a client span. Most of a payload are of one attack, whose names they share.
func (in *intake) read(s ptrace.Span) *clientspan.Client {
	info := clientspan.Read(s)
	if last := in.lastClient; last != nil && last.Run == info.Run && last.Attack == info.Attack {
		info.Run, info.Attack = last.Run, last.Attack
	}
	in.lastClient = &info
	return &info
}

// serversOf a payload, by shard, of which nothing is taken.
func serversOf(o *Options, td ptrace.Traces) []join.Input {
	inputs := make([]join.Input, o.Shards)
	for _, rs := range td.ResourceSpans().All() {
		var from *join.Resource
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if !isServer(s) {
					continue
				}
				if from == nil {
					from = originOf(rs.Resource(), window.IdentityOf(rs.Resource()))
				}
				to := &inputs[shardOf(s.TraceID(), o.Shards)]
				to.Servers = append(to.Servers, digest(s, from))
			}
		}
	}
	return inputs
}

func isServer(s ptrace.Span) bool { return s.Kind() == ptrace.SpanKindServer && identified(s) }

func originOf(r pcommon.Resource, id window.Identity) *join.Resource {
	return &join.Resource{Namespace: id.Namespace, Service: id.Service, Instance: id.Instance, By: id.By, NotGo: isNotGo(r)}
}

// isNotGo reports whether a resource says that its process is written in another language.
func isNotGo(r pcommon.Resource) bool {
	v, ok := r.Attributes().Get(attr.SDKLanguage)
	return ok && v.Str() != "go"
}

// routeBytes bounds a route: a span's name may be of any length.
const routeBytes = 256

// digest of a server span, by the HTTP conventions or those of RPC, old or new. Servers
// without routes (Caddy, Prometheus, Fastify) set none, and name their spans.
func digest(s ptrace.Span, from *join.Resource) join.Server {
	v := join.Server{
		Trace: s.TraceID(), ID: s.SpanID(), Parent: s.ParentSpanID(),
		Began: s.StartTimestamp(), Ended: s.EndTimestamp(), Resource: from,
	}
	var service, method string
	for k, a := range s.Attributes().All() {
		switch k {
		case attr.HTTPRoute:
			if v.Route, _ = utf8text.Cut(a.Str(), routeBytes); v.Route != "" {
				return v
			}
		case attr.RPCMethod:
			method = a.Str()
		case "rpc.service": // until semconv 1.38 the service was apart
			service = a.Str()
		}
	}
	switch {
	case method == "":
		method = s.Name()
	case service != "":
		method = service + "/" + method
	}
	v.Route, _ = utf8text.Cut(method, routeBytes)
	return v
}
