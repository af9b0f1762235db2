package hub

import (
	"bytes"
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
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// taking is a pipeline of metrics that answers each attempt.
type taking struct {
	consumertest.MetricsSink
	answer func(attempt int, md pmetric.Metrics) error
	tries  int
}

func (m *taking) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	m.tries++
	if err := m.answer(m.tries, md); err != nil {
		return err
	}
	return m.MetricsSink.ConsumeMetrics(ctx, md)
}

// joined is a hub over a pipeline of metrics, with one request on its way through it.
func joined(t *testing.T, metrics consumer.Metrics, warn func(string, error)) *Hub {
	o := options()
	o.Wait, o.Warn = 100*time.Millisecond, warn
	h := New(o, Consumers{Traces: consumertest.NewNop(), Metrics: metrics})
	h.Start()
	request := func(n int) {
		require.NoError(t, h.Traces(t.Context(), alone(n, false)))
		require.NoError(t, h.Traces(t.Context(), alone(n, true)))
	}
	request(1)
	time.Sleep(3 * time.Second)
	request(2)
	return h
}

// Metrics that were refused for good were tried again for ever, and none that followed
// were sent.
func TestMetricsThatAreRefusedForGoodDoNotHoldUpOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first []byte
		metrics := &taking{answer: func(attempt int, md pmetric.Metrics) error {
			wire, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
			require.NoError(t, err)
			if attempt == 1 {
				first = wire
			}
			if bytes.Equal(first, wire) {
				return consumererror.NewPermanent(errors.New("out of order"))
			}
			return nil
		}}
		var warnings []error
		h := joined(t, metrics, func(_ string, err error) { warnings = append(warnings, err) })
		require.NoError(t, h.Shutdown(t.Context()))
		require.Len(t, warnings, 1)
		assert.ErrorContains(t, warnings[0], "out of order")
		assert.NotZero(t, metrics.DataPointCount())
		c := h.meter.counts()
		assert.NotZero(t, c.Refused)
		assert.EqualValues(t, metrics.DataPointCount(), c.Delivered)
		assert.Equal(t, c.Put, c.Delivered+c.Dropped())
	})
}

func TestMetricsThatAreRefusedAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics := &taking{answer: func(attempt int, _ pmetric.Metrics) error {
			if attempt < 4 {
				return errors.New("busy")
			}
			return nil
		}}
		h := joined(t, metrics, nil)
		require.NoError(t, h.Shutdown(t.Context()))
		c := h.meter.counts()
		assert.EqualValues(t, 3, c.Retries)
		assert.EqualValues(t, metrics.DataPointCount(), c.Put)
		assert.Zero(t, c.Dropped())
	})
}

// A pipeline of metrics that hangs and ignores its context held the shutdown up for
// ever, and points that it had not taken were lost without a word.
func TestAShutdownDoesNotWaitForMetricsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		metrics := &taking{answer: func(int, pmetric.Metrics) error { <-release; return nil }}
		h := joined(t, metrics, nil)
		began := time.Now()
		err := h.Shutdown(t.Context())
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "items undelivered")
		assert.Equal(t, options().DrainTimeout, time.Since(began))
		c := h.meter.counts()
		assert.Equal(t, c.Put, c.Undelivered)
		close(release)
		synctest.Wait()
		assert.Equal(t, c, h.meter.counts(), "they have ended once")
	})
}
