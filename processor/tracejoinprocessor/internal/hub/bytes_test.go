package hub

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/pdatasize"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// scale weighs the client spans that it takes. It refuses them while it is shut, and takes
// all others.
type scale struct {
	consumertest.Consumer
	mu    sync.Mutex // guards what follows
	shut  bool
	bytes int
}

func (s *scale) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *scale) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		span := rs.ScopeSpans().At(0).Spans().At(0)
		if span.Kind() != ptrace.SpanKindClient {
			continue
		}
		if s.shut {
			return errors.New("busy")
		}
		s.bytes += pdatasize.ResourceSpans(rs) + pdatasize.Span(span)
	}
	return nil
}

func (s *scale) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = false
}

// lines of a request.
func lines(n, of int) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range of {
		r := records.AppendEmpty()
		r.SetTraceID(traceID(n))
		r.Body().SetStr(strings.Repeat("x", 100))
	}
	return ld
}

// What was joined to spans takes more memory than many of them, and did not count once
// they had left: with the pipeline behind it away the join held many times its budget.
func TestWhatHasLeftCountsWithWhatWasJoinedToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &scale{shut: true}
		h := New(options(), Consumers{Traces: next, Logs: consumertest.NewNop()})
		h.Start()
		for n := range 100 {
			require.NoError(t, h.Logs(t.Context(), lines(n, 4)))
			require.NoError(t, h.Traces(t.Context(), alone(n, true)))
			require.NoError(t, h.Traces(t.Context(), alone(n, false)))
		}
		time.Sleep(10 * time.Second) // virtual
		require.Zero(t, h.Counts().Waiting, "all have left")
		held := int(h.Counts().HeldBytes)
		next.open()
		require.NoError(t, h.Shutdown(t.Context()))
		assert.GreaterOrEqual(t, held, next.bytes)
		assert.Less(t, held, 2*next.bytes)
	})
}

func TestSpansWaitOnWhileThePipelineTakesNothing(t *testing.T) {
	for name, keep := range map[string]Keep{"all": {All: true}, "a share": {Share: 1, Remember: 1000}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := &scale{shut: true}
				o := options()
				o.MaxBytes, o.Keep, o.Shards, o.DrainTimeout = 1<<20, keep, 1, time.Minute
				h := New(o, Consumers{Traces: next, Logs: consumertest.NewNop()})
				h.Start()
				n := 0
				for ; h.Counts().HeldBytes < o.MaxBytes/2; n++ {
					require.NoError(t, h.Logs(t.Context(), lines(n, 4)))
					require.NoError(t, h.Traces(t.Context(), alone(n, true)))
					synctest.Wait()
				}
				time.Sleep(time.Minute) // virtual
				assert.Less(t, h.Counts().HeldBytes, o.MaxBytes, "what they grow by when they leave counts")
				assert.Positive(t, h.Counts().Waiting, "the others wait on")
				next.open()
				require.NoError(t, h.Shutdown(t.Context()))
				assert.EqualValues(t, n, h.Counts().Delivered)
				assert.Zero(t, h.Counts().HeldBytes)
			})
		})
	}
}

// A window of 200,000 lines of the longest body that may be configured is 13 GB.
func TestTheLinesOfAWindowAreBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all = 1000
		a := &archive{away: func() error { return nil }}
		for n := range all {
			a.lines = append(a.lines, logline.Line{TraceID: traceID(n), Time: time.Now(), Body: strings.Repeat("x", 1000)})
		}
		o := options()
		o.MaxBytes = 1 << 20
		o.Pull = Pull{Source: a, Every: time.Second, Settle: time.Second}
		h := New(o, Consumers{Traces: consumertest.NewNop()})
		h.Start()
		time.Sleep(5 * time.Second) // virtual
		c := h.Counts()
		assert.EqualValues(t, all, c.Pulled+c.PulledOver)
		assert.LessOrEqual(t, c.Pulled*1000, o.MaxBytes/pullShare)
		assert.Greater(t, c.Pulled*1000, o.MaxBytes/pullShare/2)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// verbose has many long lines of each trace.
type verbose struct{}

func (verbose) Lookup(_ context.Context, ids []pcommon.TraceID, _, _ time.Time, yield func(logline.Line)) error {
	for _, id := range ids {
		for range 100 {
			yield(logline.Line{TraceID: id, Body: strings.Repeat("x", 1000)})
		}
	}
	return nil
}

func TestTheLinesOfALookUpAreBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.MaxBytes, o.Source, o.Shards = 1<<20, verbose{}, 1
		h := New(o, Consumers{Traces: next})
		h.Start()
		send(t, h, func(td ptrace.Traces) {
			for n := range 100 {
				request(td, n)
			}
		})
		time.Sleep(10 * time.Second) // virtual
		synctest.Wait()
		next.seen.once(t, 300)
		some := 0
		for _, attributes := range next.seen.joined {
			if found, ok := attributes.Get("join.logs.lines"); ok {
				assert.EqualValues(t, 100, found.Int(), "all are counted")
				some++
			}
		}
		assert.Equal(t, 100, some)
		assert.LessOrEqual(t, next.seen.lines*1000, int(o.MaxBytes/lookupShare))
		assert.Positive(t, next.seen.lines)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// While the pipeline was away, lines and server spans pushed out what waited, which then
// took more memory than before.
func TestNothingIsPushedOutToAPipelineThatTakesNothing(t *testing.T) {
	for name, keep := range map[string]Keep{"all": {All: true}, "a share": {Share: 1, Remember: 1000}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := &scale{shut: true}
				o := options()
				o.MaxBytes, o.Keep, o.Shards, o.DrainTimeout = 1<<20, keep, 1, time.Minute
				h := New(o, Consumers{Traces: next, Logs: consumertest.NewNop()})
				h.Start()
				taken := 0
				for h.Traces(t.Context(), alone(taken, true)) == nil {
					taken++
					time.Sleep(5 * time.Millisecond) // virtual
				}
				left := h.Counts().Waiting
				require.Positive(t, left)
				for n := range 20_000 {
					require.NoError(t, h.Logs(t.Context(), lines(1_000_000+n, 4)))
				}
				require.ErrorIs(t, h.Traces(t.Context(), alone(taken, false)), ErrFull)
				synctest.Wait()
				c := h.Counts()
				assert.Less(t, c.HeldBytes, o.MaxBytes*5/4)
				assert.Equal(t, left, c.Waiting)
				assert.Positive(t, c.LinesSkipped)
				next.open()
				require.NoError(t, h.Shutdown(t.Context()))
				assert.EqualValues(t, taken, h.Counts().Delivered)
			})
		})
	}
}
