//go:build stack

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Whatever back end is away for a while, the run goes on as planned, nothing is
// lost, and the collector tells that something waits.
func TestNothingIsLostWhileABackEndIsAway(t *testing.T) {
	stops := strings.Split(*stopped, ",")
	p := startPlatform(t, *between+time.Duration(len(stops))*(*away+*between))
	var recovery sync.WaitGroup
	var parts []part
	for _, stop := range stops {
		time.Sleep(*between)
		names := strings.Split(stop, "+")
		before := time.Now()
		p.interrupt(names)
		parts = append(parts, part{"before " + stop + " was away", before.Add(-*between), before},
			part{"while it was", before, time.Now()}, part{"after that", time.Now(), time.Now().Add(*between)})
		for _, name := range names {
			recovery.Go(func() { p.caughtUp(name) })
		}
	}
	s := p.ended()
	recovery.Wait()
	tell(t, s)
	if *alone { // else the parts are shorter than the time between two points
		for _, part := range parts {
			p.lag(t, part)
		}
	}
	for _, stop := range stops {
		p.waited(t, strings.Split(stop, "+"))
	}
	p.account(t).check(t, p, s)
	if *alone {
		assert.InEpsilon(t, s.Total.RateWanted, s.Total.RateAchieved, 0.001)
	}
}

// part of a run's time.
type part struct {
	what        string
	from, until time.Time
}

// lag of the schedule in a part of the run, by the run's metrics, which come late but
// with their time, at every fifth second.
func (p *platform) lag(t *testing.T, part part) {
	t.Helper()
	p99, err := p.figures(fmt.Sprintf(`histogram_quantile(0.99, sum(increase(loadgen_schedule_lag_seconds{loadgen_run_id="%s"}[%.0fs] @ %s)))`,
		p.run, part.until.Sub(part.from).Seconds(), seconds(part.until)))
	assert.NoError(t, err)
	t.Logf("schedule lag %s, p99 in seconds: %.4f", part.what, p99)
}

func (p *platform) backend(name string) *backend {
	b := map[string]*backend{"jaeger": p.jaeger, "loki": p.loki, "prometheus": p.prometheus}[name]
	require.NotNil(p.t, b, "-stopped: there is no %s", name)
	return b
}

// interrupt stops back ends for a while.
func (p *platform) interrupt(names []string) {
	p.t.Helper()
	for _, name := range names {
		p.backend(name).stop()
	}
	p.t.Logf("%v: %s stopped", p.into(), names)
	time.Sleep(*away)
	for _, name := range names {
		p.backend(name).again()
	}
	p.t.Logf("%v: %s started again", p.into(), names)
}

func (p *platform) into() time.Duration { return time.Since(p.began).Round(100 * time.Millisecond) }

// caughtUp tells when a back end has taken what waited for it. The collector tells
// the length of its queues every 5 s.
func (p *platform) caughtUp(name string) {
	from := time.Now()
	empty := fmt.Sprintf(`max(otelcol_exporter_queue_size{exporter="otlp_http/%s"} and timestamp(otelcol_exporter_queue_size) > %s)`, name, seconds(from))
	for tick := time.Tick(look); time.Since(from) < 5*time.Minute; <-tick {
		waits, err := p.figures(empty)
		if err == nil && slices.Equal(waits, []float64{0}) {
			p.t.Logf("%v: nothing waits for %s any more, %v after it was started again", p.into(), name, time.Since(from).Round(100*time.Millisecond))
			return
		}
	}
	assert.Fail(p.t, "what waits is not taken", name)
}

// waited checks that it was told while something waited. What was told while
// Prometheus was away is not there.
func (p *platform) waited(t *testing.T, names []string) {
	t.Helper()
	for _, name := range names {
		most, err := p.figure(fmt.Sprintf(`max(max_over_time(otelcol_exporter_queue_size{exporter="otlp_http/%s"}[10m]))`, name))
		require.NoError(t, err)
		t.Logf("at most %.0f bytes were seen to wait for %s", most, name)
		if !slices.Contains(names, "prometheus") {
			assert.Positive(t, most, "nobody was told that %s was away", name)
		}
	}
}

// tell what the run was like.
func tell(t *testing.T, s *summary.Summary) {
	t.Helper()
	r := s.Total.Requests
	t.Logf("%s after %.1f s: %d requests planned, %d finished, %d failed, %d not sent; %.1f/s wanted, %.1f/s sent",
		s.End, float64(s.Elapsed), r.Planned, r.Finished, r.Failed, r.Unsent(), s.Total.RateWanted, s.Total.RateAchieved)
	t.Logf("schedule lag  %s", quantiles(s.Total.Lag))
	t.Logf("response time %s", quantiles(s.Total.ResponseTime))
	t.Logf("verdict %s %q, deliveries refused %d", s.Verdict.Verdict, s.Verdict.Reasons, s.Telemetry.Refused)
}

func quantiles(q summary.Quantiles) string {
	return fmt.Sprintf("p50 %v, p95 %v, p99 %v, p99.9 %v, max %v",
		q.P50.Duration(), q.P95.Duration(), q.P99.Duration(), q.P999.Duration(), q.Max.Duration())
}
