package hub

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// source answers, or is away until its context ends.
type source struct {
	away func() bool
}

func (s source) Lookup(ctx context.Context, ids []pcommon.TraceID, _, _ time.Time, yield func(logline.Line)) error {
	if s.away() {
		<-ctx.Done()
		return ctx.Err()
	}
	for _, id := range ids {
		yield(logline.Line{TraceID: id, Time: time.Now(), Body: "found"})
	}
	return nil
}

func TestALogSourceThatIsAwayForHalfAMinuteDelaysByItsTimeoutAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.Source = source{away: func() bool { return time.Since(began) < 30*time.Second }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		const n = 600
		for i := range n {
			send(t, h, func(td ptrace.Traces) { request(td, i) })
			time.Sleep(100 * time.Millisecond) // virtual
		}
		time.Sleep(o.Wait + time.Minute) // virtual
		synctest.Wait()
		next.seen.once(t, 3*n)
		c := h.Counts()
		assert.NotZero(t, c.LookupsFailed)
		assert.NotZero(t, c.LookupsSkipped, "what finds too many before it goes on without")
		assert.EqualValues(t, c.Lookups-c.LookupsFailed, next.seen.lines)
		assert.EqualValues(t, n, c.Lookups+c.LookupsSkipped)
		assert.Zero(t, c.HeldBytes)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// Of quick requests those are looked up that an exemplar leads to.
func TestLinesOfWhatAnExemplarNamesAreLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.Logs.LookupSlow = time.Hour
		o.Source = source{away: func() bool { return false }}
		h := New(o, Consumers{Traces: next, Metrics: consumertest.NewNop()})
		h.Start()
		for i := range 10 {
			send(t, h, func(td ptrace.Traces) { request(td, i) })
		}
		md := pmetric.NewMetrics()
		p := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty()
		p.Exemplars().AppendEmpty().SetTraceID(traceID(3))
		require.NoError(t, h.Metrics(t.Context(), md))
		time.Sleep(o.Wait + time.Second) // virtual
		synctest.Wait()
		assert.Equal(t, 1, next.seen.lines)
		assert.EqualValues(t, 1, h.Counts().Lookups)
		assert.Equal(t, 1, p.Exemplars().Len(), "it is left as it was")
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// Look-ups one after another, each for its timeout, once held requests back for half a
// minute.
func TestALogSourceThatIsAwayDelaysByTwoLookUpsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.Source = source{away: func() bool { return true }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		for i := range 100 {
			send(t, h, func(td ptrace.Traces) { request(td, i) })
			time.Sleep(10 * time.Millisecond) // virtual
		}
		time.Sleep(o.Wait + 2*o.Logs.LookupTimeout) // virtual
		synctest.Wait()
		next.seen.once(t, 300)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}
