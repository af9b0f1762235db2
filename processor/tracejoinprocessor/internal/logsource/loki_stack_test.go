//go:build stack

package logsource

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/demotarget"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// One Loki serves them all: each test has a service of its own there.
func TestARealLoki(t *testing.T) {
	base := realLoki(t)
	t.Run("has the demo service's lines, by window and by id", func(t *testing.T) { findDemoService(t, base) })
	for _, c := range []struct {
		name   string
		push   func(service string, lines []written)
		fields Fields
	}{
		{"metadata", func(s string, w []written) { pushOTLP(t, base, s, w) }, Fields{In: InMetadata, TraceID: "trace_id", SpanID: "span_id"}},
		{"json", func(s string, w []written) { pushText(t, base, s, w, inJSON) }, Fields{In: InJSON, TraceID: "ctx.trace_id", SpanID: "ctx.span_id"}},
		{"logfmt", func(s string, w []written) { pushText(t, base, s, w, inLogfmt) }, Fields{In: InLogfmt, TraceID: "traceID", SpanID: "spanID"}},
	} {
		t.Run("has each line once with ids in "+c.name, func(t *testing.T) {
			findAll(t, base, c.name, c.fields, c.push)
		})
	}
	t.Run("refuses what is no query, and says why", func(t *testing.T) {
		l := open(t, base, func(c *Config) { c.Selector = `{service_name=~".*"}` })
		err := l.Window(t.Context(), time.Now().Add(-time.Hour), time.Now(), func(logline.Line) {})
		require.Error(t, err)
		assert.Equal(t, Refused, KindOf(err))
		assert.ErrorContains(t, err, "at least one regexp or equality matcher")
	})
}

// findAll writes lines so that pages end within an instant, and instants fill
// pages.
func findAll(t *testing.T, base, name string, fields Fields, push func(string, []written)) {
	from := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	service := "svc-" + name
	spread := write(1, 2500, 5, 7, from)                     // a page ends within an instant
	crowd := write(2, 700, 2, 700, from.Add(10*time.Second)) // an instant fills pages
	later := write(3, 100, 1, 1, from.Add(20*time.Second))   // and there is something after it
	outside := write(4, 10, 1, 10, from.Add(30*time.Second)) // at the window's end, which excludes
	noise := write(0, 10, 10, 1, from.Add(15*time.Second))   // without a trace
	all := append(append(append([]written{}, spread...), crowd...), later...)
	push(service, append(append([]written{}, all...), outside...))
	pushText(t, base, service, noise, func(w written) string { return "no id here: " + w.text })

	l := open(t, base, func(c *Config) {
		c.Selector, c.Fields, c.PageLines, c.LookupIDs = fmt.Sprintf("{service_name=%q}", service), fields, 100, 40
	})
	to := from.Add(30 * time.Second)
	var got collect
	require.NoError(t, l.Window(t.Context(), from, to, got.add))
	same(t, all, got)
	first := got[0]
	assert.Equal(t, service, first.Service)
	assert.Equal(t, "WARN", first.Severity)
	assert.False(t, first.SpanID.IsEmpty())

	// Look up some of two kinds, one that has no lines, and one twice.
	ids := []pcommon.TraceID{traceOf(9, 9), traceOf(1, 3), traceOf(1, 3)}
	var want []written
	for i := range 60 {
		ids = append(ids, traceOf(1, 2*i+100), traceOf(2, i))
	}
	asked := map[pcommon.TraceID]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	for _, w := range all {
		if asked[w.id] {
			want = append(want, w)
		}
	}
	got = nil
	require.NoError(t, l.Lookup(t.Context(), ids, from, to, got.add))
	same(t, want, got)
	assert.Zero(t, l.Counts().BadLines)
	assert.Zero(t, l.Counts().FullPages)
	t.Logf("%+v", l.Counts())
}

// same holds lines to what was written: each once.
func same(t *testing.T, want []written, got []logline.Line) {
	t.Helper()
	type key struct {
		id pcommon.TraceID
		at int64
	}
	count := map[key]int{}
	for _, w := range want {
		count[key{w.id, w.at.UnixNano()}]++
	}
	for _, g := range got {
		count[key{g.TraceID, g.Time.UnixNano()}]--
	}
	for k, n := range count {
		if !assert.Zero(t, n, "trace %s at %d: lines missing (or, if negative, too many)", k.id, k.at) {
			break
		}
	}
	assert.Len(t, got, len(want))
}

func findDemoService(t *testing.T, base string) {
	from := time.Now()
	ids := driveDemoService(t, base)
	l := open(t, base, func(c *Config) { c.Selector = `{service_name="demo-under-test"}` })
	var got collect
	require.NoError(t, l.Window(t.Context(), from, time.Now(), got.add))
	found := map[pcommon.TraceID]logline.Line{}
	for _, line := range got {
		found[line.TraceID] = line
	}
	for _, id := range ids {
		require.Contains(t, found, id)
	}
	line := found[ids[0]]
	assert.Equal(t, "token accepted", line.Body)
	assert.Equal(t, "INFO", line.Severity)
	assert.Equal(t, "demo-under-test", line.Service)
	assert.False(t, line.SpanID.IsEmpty())
	assert.WithinRange(t, line.Time, from, time.Now())

	got = nil
	require.NoError(t, l.Lookup(t.Context(), ids[5:6], from, time.Now(), got.add))
	require.NotEmpty(t, got)
	for _, line := range got {
		assert.Equal(t, ids[5], line.TraceID)
	}
}

// driveDemoService runs the demo service for 20 requests, whose traces it
// returns. Its end flushes its logs into Loki.
func driveDemoService(t *testing.T, base string) (ids []pcommon.TraceID) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- demotarget.Main(ctx, []string{"--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--service=demo-under-test",
			"--store-latency=0s", "--store-tail=0", "--error-share=0", "--otlp=" + base + "/otlp"}, in, t.Output())
	}()
	var at demotarget.Addresses
	require.NoError(t, json.NewDecoder(bufio.NewReader(out)).Decode(&at))
	for i := range 20 {
		id := traceOf(77, i)
		request, err := http.NewRequest(http.MethodGet, "http://"+at.HTTP+"/auth/validate", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer demo-0001")
		request.Header.Set("traceparent", "00-"+id.String()+"-b7ad6b7169203331-01")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		ids = append(ids, id)
	}
	stop()
	require.Zero(t, <-code)
	return ids
}
