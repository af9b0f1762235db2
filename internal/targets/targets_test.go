//go:build targets

package targets

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// most is what must hold of nearly all requests: the SDK of a target may shed spans of
// its own when the machine is busy.
const most = 0.99

// rounding of a sum of about ten numbers of seconds.
const rounding = 1e-12

func TestEachTarget(t *testing.T) {
	for _, of := range []target{caddy, opa, etcd, prometheus, gohttp, node} {
		t.Run(of.name, func(t *testing.T) {
			t.Run("counts, joins, clocks and ledgers", func(t *testing.T) { examine(t, of) })
			t.Run("explains the slowest request", func(t *testing.T) {
				o := attack(t, of)
				_, explained, found := strings.Cut(o.text, "One slow request")
				require.True(t, found, "%s", o.text)
				assert.Contains(t, explained, "where the ")
				assert.Contains(t, explained, of.service)
				if testing.Verbose() {
					t.Log(explained)
				}
			})
		})
	}
}

// A Go exporter of OTLP over gRPC speaks TLS unless it is told otherwise, which the port
// of a run does not: nothing is joined, and the figures of the requests are whole.
func TestAnExporterThatSpeaksTLSIsNotJoined(t *testing.T) {
	of := gohttp
	of.server = goOverTLS
	o := attackJSON(t, of)
	add(t, o)
	for _, r := range o.spans {
		require.Empty(t, r.server)
	}
}

// examine runs against a target and checks what the run says against what the target
// says, and what was joined against what must be true on one machine.
func examine(t *testing.T, of target) {
	o := attackJSON(t, of)
	add(t, o)
	f := figuresOf(o.spans, of.can)
	sent := o.summary.Total.Requests.Finished + o.summary.Total.Requests.Failed
	require.Len(t, o.spans, int(sent), "each request has one joined span")
	require.NotNil(t, o.summary.Telemetry.Join)
	assert.Equal(t, f.joined, sent-o.summary.Telemetry.Join.Missing["no_server_span"], "the summary and the spans say the same")
	t.Logf("| %s | %d | %d | %d | %d of %d, bound %.0f to %.0f µs |", of.name, sent, f.joined, f.complete, f.within, f.clocked, f.least*1e6, f.widest*1e6)

	assert.GreaterOrEqual(t, float64(f.joined), most*float64(sent), "joined")
	assert.GreaterOrEqual(t, float64(f.complete), most*float64(f.joined), "complete of what can be: %v", f.missing)
	assert.GreaterOrEqual(t, float64(f.within), most*float64(f.clocked), "the clock's bound")
	for _, r := range f.false_[:min(len(f.false_), 20)] {
		t.Logf("the clock of %s is said to be off by %.1f µs, ± %.1f µs; it ended at %s", r.trace, r.offset*1e6, r.bound*1e6, r.ends.Format("05.000000"))
	}
	assert.Less(t, f.off, rounding, "a ledger adds up to the response time")
	assert.Equal(t, map[string]uint64{of.service: f.joined}, f.services)
}

// add checks that each request ended in one way, and that those that were answered are
// as many as the target counted.
func add(t *testing.T, o outcome) {
	t.Helper()
	assert.Empty(t, o.summary.Faults)
	r := o.summary.Total.Requests
	assert.Equal(t, r.Planned, r.Finished+r.Failed+o.summary.unsent())
	assert.Equal(t, r.Finished, r.OK)
	assert.Equal(t, o.counted, r.Finished, "the target counted otherwise")
	assert.GreaterOrEqual(t, r.Finished, uint64(*requests))
}

// figures of the joined spans of a run.
type figures struct {
	joined, complete uint64
	clocked, within  uint64 // with a clock, and those whose bound has the truth within
	least, widest    float64
	false_           []request // whose bound has not
	off              float64   // the most by which a ledger misses the response time
	services         map[string]uint64
	missing          map[string]uint64 // of what could be there
}

func figuresOf(spans []request, can signals) figures {
	f := figures{services: map[string]uint64{}, missing: map[string]uint64{}, least: math.Inf(1)}
	for _, r := range spans {
		f.off = max(f.off, math.Abs(r.response-r.parts))
		if r.server == "" {
			continue
		}
		f.joined++
		f.services[r.service]++
		if lacks(r, can, f.missing) == 0 {
			f.complete++
		}
		if r.clocked {
			f.clocked++
			f.least, f.widest = min(f.least, r.bound), max(f.widest, r.bound)
			if math.Abs(r.offset) <= r.bound { // one machine has one clock
				f.within++
			} else {
				f.false_ = append(f.false_, r)
			}
		}
	}
	return f
}

// lacks counts what a request lacks of what its target sends.
func lacks(r request, can signals, all map[string]uint64) (n int) {
	for _, why := range r.missing {
		switch {
		case !can.runtime && (why == "no_runtime" || why == "runtime_too_old"):
		case !can.logs && why == "no_logs":
		default:
			all[why]++
			n++
		}
	}
	return n
}
