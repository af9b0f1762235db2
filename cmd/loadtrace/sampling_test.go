package main

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestAPartOfTheRequestsHasSpansAndAllAreCounted(t *testing.T) {
	var mu sync.Mutex
	sampled, states := map[pcommon.TraceID]bool{}, map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.Header.Get("Traceparent"), "-")
		var id pcommon.TraceID
		hex.Decode(id[:], []byte(parts[1]))
		mu.Lock()
		defer mu.Unlock()
		sampled[id] = parts[3] == "03"
		states[parts[3]+" "+strings.SplitN(r.Header.Get("Tracestate")+",", ",", 2)[1]]++
	}))
	t.Cleanup(server.Close)
	sink := newSink(t, "127.0.0.1:0")
	c := loadtrace(t, "run", writePlan(t, server.URL, "[{constant: 2000/s, count: 2000}]"), "--set", "sampling=0.25", "--json", "--otlp", sink.url)
	require.NoError(t, c.Start())
	c.wait(t, 0)
	s := c.summary(t)

	kept := 0
	for id, yes := range sampled {
		_, there := sink.client[id]
		require.Equal(t, yes, there, "the flag tells of the span")
		if yes {
			kept++
		}
	}
	require.Len(t, sampled, 2000)
	assert.InDelta(t, 500, kept, 100)
	assert.Equal(t, map[string]int{"03 ot=th:c,": kept, "02 ": 2000 - kept}, states)
	for _, e := range sink.exemplars {
		assert.True(t, sampled[e.TraceID()], "an exemplar names a span that is there")
	}
	assert.NotEmpty(t, sink.exemplars)
	assert.EqualValues(t, 2000-kept, s.Telemetry.SpansSampledOut)
	assert.EqualValues(t, kept+1, s.Telemetry.SpansDelivered)
	assert.InDelta(t, float64(kept)/2000, s.Telemetry.SpansPerRequest, 1e-12)
	assert.Empty(t, s.Faults)
	for _, r := range s.Slowest {
		var id pcommon.TraceID
		hex.Decode(id[:], []byte(r.TraceID))
		assert.Equal(t, sampled[id], !r.Unsampled)
	}
}
