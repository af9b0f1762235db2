package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
