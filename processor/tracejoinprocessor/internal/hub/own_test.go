package hub

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Requests of other runs that came to the same collector counted as this run's, and the
// end of the run waited for them as long as they kept coming.
func TestOnlyTheRequestsOfTheRunCount(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"all are kept":         func(*Options) {},
		"some are kept":        func(o *Options) { o.Keep = Keep{Share: 0.5, Remember: 10} },
		"traces are too large": func(o *Options) { o.TraceBytes = 1 },
		"also with a parent":   func(o *Options) { o.Clients.WithParent = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options()
				change(&o)
				own := map[pcommon.TraceID]bool{traceID(1): true, traceID(2): true, traceID(3): true}
				o.Own = func(id pcommon.TraceID) bool { return own[id] }
				h := New(o, Consumers{Traces: consumertest.NewNop()})
				h.Start()
				td := ptrace.NewTraces()
				for n := range 10 {
					request(td, n+1)
				}
				call := ptrace.NewTraces() // the target's own, on behalf of a request of the run
				request(call, 1)
				inner := call.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
				inner.SetParentSpanID(inner.SpanID())
				inner.SetSpanID(pcommon.SpanID{9, 9})
				inner.CopyTo(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
				require.NoError(t, h.Traces(t.Context(), td))
				synctest.Wait()
				if o.TraceBytes > 1 {
					assert.EqualValues(t, 3, h.Counts().OwnWaiting)
				}
				assert.GreaterOrEqual(t, h.Counts().Waiting, h.Counts().OwnWaiting)
				time.Sleep(o.Wait + time.Millisecond)
				synctest.Wait()
				assert.Zero(t, h.Counts().OwnWaiting)
				c := h.Coverage()
				assert.EqualValues(t, 3, c.Complete+c.Partial+c.None, "%+v", c)
				require.NoError(t, h.Shutdown(t.Context()))
			})
		})
	}
}

// A pipeline that lost spans of others made the run undecided, with more spans lost than
// it had.
func TestOnlyTheRunsSpansAreLostToIt(t *testing.T) {
	later, never := errors.New("later"), consumererror.NewPermanent(errors.New("no"))
	for name, c := range map[string]struct {
		refuse        func(attempt int) error
		lost, retries int64
	}{
		"refused for good": {func(int) error { return never }, 2, 0},
		"undelivered":      {func(int) error { return later }, 2, 0}, // those of others are in the way
		"refused twice": {func(n int) error {
			if n == 1 || n == 3 || n == 4 {
				return later
			}
			return nil
		}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options()
				o.Shards = 1
				o.Own = func(id pcommon.TraceID) bool { return id == traceID(1) || id == traceID(2) }
				attempts := 0
				next, err := consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
					if td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Kind() != ptrace.SpanKindClient {
						return nil // passed on
					}
					attempts++
					return c.refuse(attempts)
				})
				require.NoError(t, err)
				h := New(o, Consumers{Traces: next})
				h.Start()
				send := func(from, to int) {
					td := ptrace.NewTraces()
					for n := from; n < to; n++ {
						request(td, n)
					}
					require.NoError(t, h.Traces(t.Context(), td))
					time.Sleep(o.Wait + time.Minute)
					synctest.Wait()
				}
				send(3, 8) // of others: they come first and are tried
				assert.Zero(t, h.Counts().OwnRetries)
				assert.Zero(t, h.Counts().OwnLost)
				send(1, 3)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_ = h.Shutdown(ctx)
				assert.Equal(t, c.lost, h.Counts().OwnLost)
				assert.Equal(t, c.retries, h.Counts().OwnRetries)
				if c.lost > 0 {
					assert.EqualValues(t, 7, h.Counts().Refused+h.Counts().Undelivered)
				}
			})
		})
	}
}
