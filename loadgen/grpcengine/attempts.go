package grpcengine

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// attempts hears from gRPC of the attempts of each call. A call has one, but for a
// retry that gRPC makes by itself when the target did not process the first.
type attempts struct{}

// HandleRPC implements stats.Handler.
//
// Subtle: gRPC reports the header that it sends when the attempt has a stream,
// after it has waited for as many to end as the target does not allow. It reports
// a trailer only if the target sent one.
func (attempts) HandleRPC(ctx context.Context, s stats.RPCStats) {
	switch s.(type) {
	case *stats.OutHeader:
		if c := callFrom(ctx); c != nil {
			c.opened()
		}
	case *stats.InHeader:
		if c := callFrom(ctx); c != nil {
			c.headersReceived(false)
		}
	case *stats.InTrailer:
		if c := callFrom(ctx); c != nil {
			c.headersReceived(true)
		}
	}
}

// TagRPC implements stats.Handler.
func (attempts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// TagConn implements stats.Handler.
func (attempts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (attempts) HandleConn(context.Context, stats.ConnStats) {}

// intercept is gRPC's turn to a call. From then on the call's context knows its
// record.
func (r *run) intercept(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	n, err := strconv.ParseUint(sequenceOf(ctx), 10, 64)
	if err != nil {
		return next(ctx, desc, cc, method, opts...)
	}
	c := r.calls.get(n)
	if c == nil {
		return nil, status.Error(codes.Canceled, "the call has ended")
	}
	if r.cancels() {
		ctx = c.arm(ctx)
	}
	c.ctx = callContext{ctx, c}
	stream, err := next(&c.ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, err
	}
	c.stream = uncommitted{stream, &c.ctx}
	return &c.stream, nil
}

// callContext is the context of a call, which knows the call.
type callContext struct {
	context.Context
	call *call
}

type callKey struct{}

// Value implements context.Context.
func (t *callContext) Value(key any) any {
	if key == (callKey{}) {
		return t.call
	}
	return t.Context.Value(key)
}

// uncommitted is a call of which gRPC may try again what the target did not
// process, as it does for any client. ghz asks for the context of a call, from which
// gRPC concludes that the attempt under way is the last.
type uncommitted struct {
	grpc.ClientStream
	ctx context.Context
}

// RecvMsg implements grpc.ClientStream.
func (u *uncommitted) RecvMsg(m any) error {
	err := u.ClientStream.RecvMsg(m)
	if err != nil {
		callFrom(u.ctx).received(err)
	}
	return err
}

// Context implements grpc.ClientStream.
func (u *uncommitted) Context() context.Context { return u.ctx }

// callFrom finds the call of an attempt, or nil.
func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// sequenceKey is the metadata by which a call carries the number of its request to us. gRPC
// sends no metadata whose key begins with a colon.
const sequenceKey = ":loadtrace-request"

// sequenceOf is the number that a call's metadata hold, as text.
func sequenceOf(ctx context.Context) string {
	md, _ := metadata.FromOutgoingContext(ctx)
	if v := md[sequenceKey]; len(v) == 1 {
		return v[0]
	}
	return ""
}
