//go:build stack

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// account is what the back ends have of all requests of a run.
type account struct {
	clients, servers, complete int // requests with a client span, with one server span, and joined whole
	repeated                   int // spans that Jaeger has twice
	logged                     int // requests with a line
	lacking                    []string
}

// ended waits until the run has, and everything of it has left the collector.
func (p *platform) ended() *summary.Summary {
	p.t.Helper()
	var s *summary.Summary
	require.Eventually(p.t, func() bool {
		s = p.summary()
		return s != nil
	}, time.Until(p.began)+time.Duration(p.requests / *rate)*time.Second+3*time.Minute, time.Second, "the summary of the run does not come")
	p.await(fmt.Sprintf(`
		(sum(otelcol_trace_join_released_total) >= bool %d)
		* (sum(otelcol_exporter_queue_size) == bool 0)
		* (sum(otelcol_exporter_sent_spans_total) >= bool sum(otelcol_trace_join_spans_total{state=~"delivered|passed"}))
		* (sum(join_requests_total) >= bool %[1]d)`, s.Total.Requests.Sent()), 4*time.Minute, "not everything leaves the collector")
	return s
}

// await the value 1 of a query.
func (p *platform) await(expr string, within time.Duration, what string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		v, err := p.figure(expr)
		return err == nil && v == 1
	}, within, time.Second, "%s: %s", what, expr)
}

// summary that the run told at its end, nil if there is none yet.
func (p *platform) summary() *summary.Summary {
	lines, err := p.lines(fmt.Sprintf(`{service_name="loadtrace"} | loadgen_run_id="%s" | loadgen_summary!=""`, p.run), p.began, time.Now())
	if err != nil || len(lines) == 0 {
		return nil
	}
	s := new(summary.Summary)
	require.NoError(p.t, json.Unmarshal([]byte(lines[0].beside["loadgen_summary"]), s))
	return s
}

// account looks every request up, by its trace id.
func (p *platform) account(t *testing.T) *account {
	t.Helper()
	logged, err := p.loggedTraces(time.Now())
	require.NoError(t, err)
	var a account
	var mu sync.Mutex // guards the account
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for seq := int(next.Add(1)) - 1; seq < p.requests; seq = int(next.Add(1)) - 1 {
				trace, err := p.trace(seq)
				mu.Lock()
				a.add(seq, trace, logged[p.run.TraceID(0, uint64(seq)).String()] > 0, err)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return &a
}

func (a *account) add(seq int, trace traced, logged bool, err error) {
	a.repeated += trace.repeated
	if trace.complete {
		a.complete++
	}
	for _, part := range []struct {
		there bool
		count *int
		what  string
	}{
		{trace.clients == 1, &a.clients, "no client span"},
		{trace.servers == 1, &a.servers, fmt.Sprintf("%d server spans", trace.servers)},
		{logged, &a.logged, "no line"},
	} {
		if part.there {
			*part.count++
		} else {
			err = errors.Join(err, errors.New(part.what))
		}
	}
	if err != nil && len(a.lacking) < 10 {
		a.lacking = append(a.lacking, fmt.Sprintf("request %d: %v", seq, err))
	}
}

// check that all of it is everywhere.
func (a *account) check(t *testing.T, p *platform, s *summary.Summary) {
	t.Helper()
	n := p.requests
	t.Logf("requests %d; in Jaeger: %d client spans, %d server spans, %d joined whole, %d spans twice; in Loki: %d with lines",
		n, a.clients, a.servers, a.complete, a.repeated, a.logged)
	assert.Empty(t, a.lacking)
	assert.Equal(t, [3]int{n, n, n}, [3]int{a.clients, a.servers, a.logged}, "client spans, server spans, requests with lines")
	assert.EqualValues(t, n, s.Total.Requests.Sent())
	least := n * 9 / 10 // on a busy machine the target's telemetry may come after the wait
	if *alone {
		least = n
	}
	assert.GreaterOrEqual(t, a.complete, least, "joined whole")
	for metric, want := range map[string]int{
		`sum(loadgen_requests_total{loadgen_outcome!="not_sent"})`:                     n,
		`histogram_count(sum(loadgen_response_time_seconds))`:                          n,
		`sum(http_server_request_duration_seconds_count{http_route="/auth/validate"})`: n,
		`sum(join_requests_total)`:                                                     n,
		`sum(otelcol_trace_join_released_total{reason="waited"})`:                      n,
		`sum(loadgen_spans_total{loadgen_span_state="made"})`:                          n + 1, // the run has one of its own
		`sum(loadgen_spans_total{loadgen_span_state="delivered"})`:                     n + 1,
		`sum(loadgen_spans_total{loadgen_span_state="dropped"})`:                       0,
		`sum({__name__=~"otelcol_exporter_(send|enqueue)_failed_.*"}) or vector(0)`:    0,
	} {
		require.EventuallyWithT(t, func(c *assert.CollectT) { // the collector's own have an interval
			got, err := p.figure(metric)
			require.NoError(c, err)
			assert.EqualValues(c, want, got, metric)
		}, 15*time.Second, look)
	}
}
