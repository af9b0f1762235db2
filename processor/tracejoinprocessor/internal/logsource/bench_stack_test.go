//go:build stack

package logsource

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// What the benchmarks ask for: 1,000 lines a second for 100 seconds, two a
// trace.
const (
	benchSeconds = 100
	benchRate    = 1000
)

// BenchmarkRealLoki prints what docs/benchmarks.md has. Each operation is one
// pull or look-up, its join by trace id included.
func BenchmarkRealLoki(b *testing.B) {
	base := realLoki(b)
	from := time.Now().Add(-20 * time.Minute).Truncate(time.Second)
	lines := benchLines(from)
	pushOTLP(b, base, "bench-metadata", lines)
	pushText(b, base, "bench-json", lines, inJSON)
	pushText(b, base, "bench-logfmt", lines, inLogfmt)
	for _, f := range []Fields{
		{In: InMetadata, TraceID: "trace_id", SpanID: "span_id"},
		{In: InJSON, TraceID: "ctx.trace_id", SpanID: "ctx.span_id"},
		{In: InLogfmt, TraceID: "traceID", SpanID: "spanID"},
	} {
		l := open(b, base, func(c *Config) {
			c.Selector, c.Fields = fmt.Sprintf(`{service_name="bench-%s"}`, f.In), f
			c.HTTP.Timeout = time.Minute // a loaded machine is to be measured, not given up
		})
		b.Run("window of 10000 lines/"+f.In, func(b *testing.B) { benchWindow(b, l, lines, from) })
		for _, seconds := range []int{10, benchSeconds} {
			b.Run(fmt.Sprintf("lookup of 500 ids in %d lines/%s", seconds*benchRate, f.In), func(b *testing.B) {
				benchLookup(b, l, lines[:seconds*benchRate], from, time.Duration(seconds)*time.Second)
			})
		}
	}
}

// benchLines have ids as the load generator makes them: all of one run, with the
// same first half.
func benchLines(from time.Time) []written {
	lines := make([]written, benchSeconds*benchRate)
	shuffled := rand.New(rand.NewPCG(1, 1))
	var id pcommon.TraceID
	copy(id[:8], "\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6")
	for i := range lines {
		if i%2 == 0 {
			binary.BigEndian.PutUint64(id[8:], shuffled.Uint64())
		}
		lines[i] = written{
			id: id, at: from.Add(time.Duration(i) * time.Second / benchRate),
			text: fmt.Sprintf("token rejected: the store answered 503 after %d ms, request %d of the run, subject user-%04d", i%97, i, i%5000),
		}
	}
	return lines
}

// joined is what the join keeps: the lines of each request.
func joined(lines []written) map[pcommon.TraceID][]logline.Line {
	m := make(map[pcommon.TraceID][]logline.Line, len(lines))
	for _, w := range lines {
		m[w.id] = nil
	}
	return m
}

func benchWindow(b *testing.B, l *Loki, lines []written, from time.Time) {
	const second = 30 // of the run, where the window begins
	lines = lines[second*benchRate:][:10_000]
	from = from.Add(second * time.Second)
	var took []time.Duration
	for b.Loop() {
		began, n := time.Now(), 0
		requests := joined(lines)
		require.NoError(b, l.Window(b.Context(), from, from.Add(10*time.Second), func(line logline.Line) {
			requests[line.TraceID] = append(requests[line.TraceID], line)
			n++
		}))
		took = append(took, time.Since(began))
		require.Equal(b, len(lines), n)
		require.Len(b, requests, len(lines)/2)
	}
	percentiles(b, took)
}

func benchLookup(b *testing.B, l *Loki, lines []written, from time.Time, span time.Duration) {
	var took []time.Duration
	for b.Loop() {
		ids := pick(lines, 500)
		began := time.Now()
		requests := map[pcommon.TraceID][]logline.Line{}
		require.NoError(b, l.Lookup(b.Context(), ids, from, from.Add(span), func(line logline.Line) {
			requests[line.TraceID] = append(requests[line.TraceID], line)
		}))
		took = append(took, time.Since(began))
		require.Len(b, requests, len(ids))
	}
	percentiles(b, took)
}

// pick takes n different traces by chance.
func pick(lines []written, n int) []pcommon.TraceID {
	ids := make([]pcommon.TraceID, 0, n)
	for _, trace := range rand.Perm(len(lines) / 2)[:n] {
		ids = append(ids, lines[2*trace].id)
	}
	return ids
}

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(p float64) float64 { return took[int(p*float64(len(took)-1)+0.5)].Seconds() * 1e3 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
	b.ReportMetric(float64(len(took)), "samples")
}
