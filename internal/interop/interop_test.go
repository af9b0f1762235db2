//go:build interop

package interop

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// most is what must hold of nearly all requests: the SDK of a target may shed spans of
// its own when the machine is busy.
const most = 0.99

// rounding of a sum of about ten numbers of seconds.
const rounding = 1e-12

func TestEachTarget(t *testing.T) {
	for _, of := range []target{caddy, h2c, proxy, opa, etcd, named, prometheus, gohttp, node} {
		t.Run(of.name, func(t *testing.T) {
			t.Run("counts, joins, clocks and ledgers", func(t *testing.T) { examine(t, of) })
			t.Run("explains the slowest request", func(t *testing.T) {
				o := attack(t, of)
				_, explained, found := strings.Cut(o.text, "One slow request")
				require.True(t, found, "%s", o.text)
				assert.Contains(t, explained, "where the ")
				for _, service := range []string{of.service, of.behind} {
					assert.True(t, service == "" || strings.Contains(explained, "└─ "+service+"  "), "%s: %s", service, explained)
				}
				if testing.Verbose() {
					t.Log(explained)
				}
			})
		})
	}
}

// A plan that samples says so in traceparent, and targets sample alike by default: what
// has a span has its server span, which comes when the SDK's delay is over, 5 s, and no
// batch is ever full.
func TestATargetSamplesAsThePlanDoes(t *testing.T) {
	for _, of := range []target{caddy, etcd, gohttp, node} {
		t.Run(of.name, func(t *testing.T) {
			o := attackJSON(t, of, "--set", "sampling=0.1")
			add(t, o)
			r := o.summary.Total.Requests
			kept := r.Finished + r.Failed - o.summary.Telemetry.SampledOut
			assert.InDelta(t, 0.1, float64(kept)/float64(r.Planned), 0.05)
			require.EqualValues(t, kept, len(o.spans))
			f := figuresOf(o.spans, of.can)
			assert.GreaterOrEqual(t, float64(f.joined), most*float64(kept), "joined")
		})
	}
}

// A Go exporter of OTLP over gRPC speaks TLS unless it is told otherwise, which the port
// of a run does not. Nothing is joined then, the run says why, and its figures are whole.
// With what docs/not-joined.md says to set, all is joined.
func TestAnExporterThatSpeaksTLSIsJoinedOnceItIsToldNotTo(t *testing.T) {
	of := gohttp
	of.can = signals{}
	t.Run("by default", func(t *testing.T) {
		of.server = goOverGRPC()
		o := attackJSON(t, of)
		add(t, o)
		for _, r := range o.spans {
			require.Empty(t, r.server)
		}
		require.NotNil(t, o.summary.Telemetry.Join)
		assert.Contains(t, strings.Join(o.summary.Telemetry.Join.Advice, "\n"), "spoke TLS")
	})
	for _, setting := range []string{"OTEL_EXPORTER_OTLP_INSECURE=true", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"} {
		t.Run(setting, func(t *testing.T) {
			of.server = goOverGRPC(setting, "OTEL_RESOURCE_ATTRIBUTES=service.instance.id=greeter-0")
			examine(t, of)
		})
	}
}

// examine runs against a target and checks what the run says against what the target
// says, and what was joined against what must be true on one machine.
func examine(t *testing.T, of target) {
	o := attackJSON(t, of)
	add(t, o)
	f := figuresOf(o.spans, of.can)
	sent := o.summary.Total.Requests.Finished + o.summary.Total.Requests.Failed
	require.EqualValues(t, sent, len(o.spans), "each request has one joined span")
	require.NotNil(t, o.summary.Telemetry.Join)
	j := o.summary.Telemetry.Join
	assert.Equal(t, f.joined, sent-j.Missing["no_server_span"], "the summary and the spans say the same")
	assert.Equal(t, f.complete, j.Complete, "and of what is complete")
	assert.Equal(t, sent, j.Complete+j.Partial+j.None, "each request is one of the three")
	t.Log(f.row(of.name, o.summary.Total.Requests.Planned))

	assert.GreaterOrEqual(t, float64(f.joined), most*float64(sent), "joined")
	assert.GreaterOrEqual(t, float64(f.complete), most*float64(f.joined), "complete of what can be: %v", f.missing)
	assert.GreaterOrEqual(t, float64(f.within), most*float64(f.clocked), "the clock's bound")
	for _, r := range f.alone[:min(len(f.alone), 20)] {
		t.Logf("%s has no server span; it ended at %s and left since it was: %s", r.trace, r.ends.Format("05.000"), r.released)
	}
	for _, r := range f.wrong[:min(len(f.wrong), 20)] {
		t.Logf("the clock of %s is said to be off by %.1f µs, ± %.1f µs; it ended at %s", r.trace, r.offset*1e6, r.bound*1e6, r.ends.Format("05.000000"))
	}
	assert.Less(t, f.off, rounding, "a ledger adds up to the response time")
	assert.Equal(t, map[string]uint64{of.service: f.joined}, f.services)
	if of.behind != "" {
		assert.GreaterOrEqual(t, float64(f.others[of.behind]), most*float64(f.joined), "the service behind")
	}
}

// add checks that each request ended in one way, and that those that were answered are
// as many as the target counted. It may have answered some that failed, too: those that
// timed out at ours.
func add(t *testing.T, o outcome) {
	t.Helper()
	assert.Empty(t, o.summary.Faults)
	r := o.summary.Total.Requests
	assert.Equal(t, r.Planned, r.Finished+r.Failed+o.summary.unsent())
	assert.Equal(t, r.Finished, r.OK)
	assert.GreaterOrEqual(t, o.counted, r.Finished, "the target counted otherwise")
	assert.LessOrEqual(t, o.counted, r.Finished+r.Failed, "the target counted otherwise")
	assert.GreaterOrEqual(t, r.Planned, uint64(*requests))
	if t.Failed() {
		t.Logf("planned %d, finished %d, failed %d, not sent %d; the target counted %d: %s",
			r.Planned, r.Finished, r.Failed, o.summary.unsent(), o.counted, o.text)
	}
}

// figures of the joined spans of a run.
type figures struct {
	joined, complete uint64
	clocked, within  uint64    // with a clock, and those whose bound has the truth within
	bounds           []float64 // of those with a clock, in seconds
	alone            []request // without a server span
	wrong            []request // whose clock cannot be so far off
	off              float64   // the most by which a ledger misses the response time
	services, others map[string]uint64
	missing          map[string]uint64 // of what could be there
}

// row of the table of docs/interop.md.
func (f *figures) row(name string, requests uint64) string {
	slices.Sort(f.bounds)
	at := func(q float64) float64 { return 1e6 * f.bounds[int(q*float64(len(f.bounds)-1))] }
	clock := "none"
	if len(f.bounds) > 0 {
		clock = fmt.Sprintf("%d of %d | %.0f, %.0f µs", f.within, f.clocked, at(0.5), at(0.99))
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %s | %s |", name, requests, f.joined, f.complete, clock, time.Now().Format(time.DateOnly))
}

func figuresOf(spans []request, can signals) figures {
	f := figures{services: map[string]uint64{}, others: map[string]uint64{}, missing: map[string]uint64{}}
	for _, r := range spans {
		f.off = max(f.off, math.Abs(r.response-r.parts))
		if r.server == "" {
			f.alone = append(f.alone, r)
			continue
		}
		f.joined++
		f.services[r.service]++
		for _, s := range slices.Compact(slices.Sorted(slices.Values(r.others))) {
			f.others[s]++
		}
		if lacks(r, can, f.missing) == 0 {
			f.complete++
		}
		if r.clocked {
			f.clocked++
			f.bounds = append(f.bounds, r.bound)
			if math.Abs(r.offset) <= r.bound { // one machine has one clock
				f.within++
			} else {
				f.wrong = append(f.wrong, r)
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
