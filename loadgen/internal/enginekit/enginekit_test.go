package enginekit

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func TestAStopBecomesACutAfterTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		cut, done := AfterGrace(ctx, time.Second, nil)
		defer done()
		time.Sleep(time.Hour)
		require.NoError(t, cut.Err(), "without a stop there is no cut")
		stop()
		stopped := time.Now()
		<-cut.Done()
		assert.Equal(t, time.Second, time.Since(stopped))
	})
}

func TestACancelledStopHasNoGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		cancelled := make(chan struct{})
		cut, done := AfterGrace(ctx, time.Hour, cancelled)
		defer done()
		began := time.Now()
		stop()
		synctest.Wait()
		require.NoError(t, cut.Err())
		close(cancelled)
		<-cut.Done()
		assert.Zero(t, time.Since(began))
	})
}

// The bubble ends only when no goroutine is left.
func TestAnEndWithinTheGraceEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		cut, done := AfterGrace(ctx, time.Hour, nil)
		began := time.Now()
		stop()
		synctest.Wait()
		done()
		synctest.Wait()
		assert.Error(t, cut.Err())
		assert.Zero(t, time.Since(began))
	})
}

func TestErrorTextIsCutBetweenCharacters(t *testing.T) {
	whole := strings.Repeat("x", loadgen.MaxErrorText)
	assert.Equal(t, whole, ErrorText(whole))
	assert.Equal(t, whole, ErrorText(whole+"y"))
	most := strings.Repeat("x", loadgen.MaxErrorText-1)
	assert.Equal(t, most, ErrorText(most+"é"), "é has two bytes, of which one would fit")
}

func TestAddressesAreThoseOfTCP(t *testing.T) {
	assert.Equal(t, "10.0.0.1:80", AddrPort(&net.TCPAddr{IP: net.ParseIP("::ffff:10.0.0.1"), Port: 80}).String())
	assert.Equal(t, "[::1]:80", AddrPort(&net.TCPAddr{IP: net.IPv6loopback, Port: 80}).String())
	assert.False(t, AddrPort(&net.UnixAddr{Name: "/x"}).IsValid())
}

func TestBaggageIsSentOnlyIfThePlanSaysSo(t *testing.T) {
	s := runner.Setup{Run: loadgen.NewRunID(), Attack: loadgen.Attack{Name: "check out"}}
	assert.Empty(t, Baggage(s))
	s.Attack.Baggage = true
	assert.Equal(t, "loadgen.run.id="+s.Run.String()+",loadgen.attack.name=check%20out", Baggage(s))
}

func TestTraceParentIsOfTheW3C(t *testing.T) {
	trace, span := loadgen.TraceID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, loadgen.SpanID{1, 2, 3, 4, 5, 6, 7, 8}
	assert.Equal(t, "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-03", TraceParent(trace, span, true))
	assert.Equal(t, "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-02", TraceParent(trace, span, false))
}
