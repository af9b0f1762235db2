package diagnosis

import (
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// What churn is at least: connections per request, and times as many connections as there
// are requests under way on average. Failed requests lose theirs, so few may have failed.
const (
	leastOpened   = 0.5
	leastSpare    = 5.0
	mostFailed    = 0.05
	leastRequests = fewRequests
)

// churn finds a target that closes connections which the generator would use again.
func (e *Evidence) churn() []summary.Finding {
	for i := range e.Attacks {
		a := &e.Attacks[i]
		underway := a.Rate * a.Response.Seconds()
		switch {
		case a.Sent < leastRequests || float64(a.Failed) > mostFailed*float64(a.Sent):
		case float64(a.Opened) < leastOpened*float64(a.Sent) || float64(a.Opened) < leastSpare*max(underway, 1):
		default:
			return []summary.Finding{a.churns()}
		}
	}
	return nil
}

func (a *Attack) churns() summary.Finding {
	perRequest := float64(a.Opened) / float64(a.Sent)
	part := 0.0
	if a.Response > 0 {
		part = min(perRequest*float64(a.Connecting)/float64(a.Response), 1)
	}
	return summary.Finding{
		Kind: summary.FindingChurn, Basis: summary.BasisMeasured, Cost: part, Confidence: 0.95,
		Sentence: fmt.Sprintf("The target closes connections that are to be kept: %s of attack %s opened %s in %s",
			plural(int(a.Sent), "request", "requests"), a.Name, plural(int(a.Opened), "connection", "connections"), spent(a.Connecting)),
		Evidence: []summary.FindingEvidence{{
			Source: "requests", Value: &perRequest, Unit: "{connection}/{request}",
			Text: fmt.Sprintf("%s connections were opened per request; a new one took %s, and that is %s of the response time.", number(perRequest), duration(a.Connecting), percent(part)),
		}},
		Try: []string{
			"Keep connections alive on the server: http.Server.IdleTimeout, keep-alive limits of a proxy, no Connection: close.",
			"See whether something between closes them: a load balancer, a limit of requests per connection.",
		},
		Refute: []string{"The target's access log shows many requests on one connection."},
	}
}

func spent(d time.Duration) string { return duration(d) + " each" }
