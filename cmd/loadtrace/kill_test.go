package main

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// visits are the requests that a target got, in the order of their coming.
type visits struct {
	mu     sync.Mutex // guards all below
	traces []pcommon.TraceID
	at     []time.Time
	enough chan struct{} // closed at the visit of the number wanted
	wanted int
}

func (v *visits) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var id pcommon.TraceID
	hex.Decode(id[:], []byte(strings.Split(r.Header.Get("Traceparent"), "-")[1]))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.traces, v.at = append(v.traces, id), append(v.at, time.Now())
	if len(v.traces) == v.wanted {
		close(v.enough)
	}
}

// A kill cannot be answered. What was delivered until then is whole: the spans
// of all requests but those since the last flush, and those that wait to be joined,
// of which there are none here.
//
// One worker makes one request after another, so that the record of each was made
// before the next was sent, and what is lost is the end of a list. The time of
// the end is bounded by the flush interval and by how late this machine was in
// delivering: the longest time between two batches in this very run.
func TestAKillLosesNoMoreThanTheLastMoments(t *testing.T) {
	v, sink := &visits{enough: make(chan struct{}), wanted: 600}, newSink(t, "127.0.0.1:0")
	s := httptest.NewServer(v)
	t.Cleanup(s.Close)
	c := loadtrace(t, "run", writePlan(t, s.URL, "[{constant: 200/s, duration: 60s}]"), "--otlp", sink.url, "--listen", "none",
		"--set", "attacks[0].workers=1", "--set", "attacks[0].max_workers=1")
	require.NoError(t, c.Start())
	select {
	case <-v.enough:
	case <-time.After(patience(t)):
		t.Error("the requests did not come")
	}
	require.NoError(t, c.Process.Kill())
	c.Wait()

	v.mu.Lock()
	defer v.mu.Unlock()
	sink.mu.Lock()
	defer sink.mu.Unlock()
	for i, id := range v.traces {
		_, ok := sink.client[id]
		require.Equal(t, i < len(sink.client), ok, "the spans of the first %d requests are there, and no other", len(sink.client))
	}
	assert.Contains(t, sink.events, "loadgen.run.start")

	flush := loadgenreceiver.NewFactory().CreateDefaultConfig().(*loadgenreceiver.Config).Spans.FlushInterval
	between := gaps(sink.came)
	require.NotEmpty(t, between)
	assert.InDelta(t, flush.Seconds(), between[len(between)/2].Seconds(), flush.Seconds()/2, "the median time between batches")
	lost := time.Duration(0)
	if n := len(sink.client); n < len(v.at) {
		lost = v.at[len(v.at)-1].Sub(v.at[n])
	}
	late := between[len(between)-1]
	assert.LessOrEqual(t, lost, flush+late, "%d of %d requests", len(v.at)-len(sink.client), len(v.at))
}

// gaps between moments, the shortest first.
func gaps(at []time.Time) (between []time.Duration) {
	for i := 1; i < len(at); i++ {
		between = append(between, at[i].Sub(at[i-1]))
	}
	slices.Sort(between)
	return between
}
