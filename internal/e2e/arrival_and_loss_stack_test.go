//go:build stack

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestEveryRequestArrivesEverywhere(t *testing.T) {
	p := startPlatform(t, *duration)
	a := p.watch()
	s := p.ended()
	a.stop()
	a.check(t)
	tell(t, s)
	p.account(t).check(t, p, s)
}

// Whatever back end is away for a while, the run goes on as planned, and nothing is
// lost.
func TestNothingIsLostWhileABackEndIsAway(t *testing.T) {
	stops := strings.Split(*stopped, ",")
	p := startPlatform(t, *between+time.Duration(len(stops))*(*away+*between))
	for _, names := range stops {
		time.Sleep(*between)
		p.interrupt(strings.Split(names, "+"))
	}
	s := p.ended()
	tell(t, s)
	p.account(t).check(t, p, s)
}

// interrupt stops back ends for a while.
func (p *platform) interrupt(names []string) {
	p.t.Helper()
	var gone []*backend
	for _, name := range names {
		b := map[string]*backend{"jaeger": p.jaeger, "loki": p.loki, "prometheus": p.prometheus}[name]
		assert.NotNil(p.t, b, "-stopped: there is no %s", name)
		b.stop()
		gone = append(gone, b)
	}
	p.t.Logf("%s: %v stopped", time.Since(p.began).Round(time.Millisecond), names)
	time.Sleep(*away)
	for _, b := range gone {
		b.again()
	}
	p.t.Logf("%s: %v started again", time.Since(p.began).Round(time.Millisecond), names)
}

// tell what the run was like.
func tell(t *testing.T, s *summary.Summary) {
	t.Helper()
	t.Logf("%s after %.1f s: %d requests planned, %d finished, %d failed, %d not sent; %.1f/s wanted, %.1f/s sent",
		s.End, float64(s.Elapsed), s.Total.Requests.Planned, s.Total.Requests.Finished, s.Total.Requests.Failed, s.Total.Requests.Unsent(),
		s.Total.RateWanted, s.Total.RateAchieved)
	for what, q := range map[string]summary.Quantiles{"schedule lag": s.Total.Lag, "response time": s.Total.ResponseTime} {
		t.Logf("%s p50 %v, p95 %v, p99 %v, max %v", what, q.P50.Duration(), q.P95.Duration(), q.P99.Duration(), q.Max.Duration())
	}
	t.Logf("telemetry %+v", s.Telemetry)
	t.Logf("verdict %+v", s.Verdict)
}
