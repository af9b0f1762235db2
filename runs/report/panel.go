package report

import (
	"strconv"

	"github.com/loadtrace/loadtrace/internal/quantity"
)

// panel is a chart of the page. The script draws it by its ID.
type panel struct {
	ID, Title, Text string
	// Label is what the chart shows in words, for who cannot see it.
	Label string
	Wide  bool
}

// panels are the charts that the data has something for.
func panels(d *Data) (all []panel) {
	add := func(has bool, id, title, text, label string, wide bool) {
		if has {
			all = append(all, panel{id, title, text, label, wide})
		}
	}
	f := &d.Summary.Total
	timed, q := len(d.Series) > 0 && d.Series[0].Response != nil, f.ResponseTime
	times := "p50 " + quantile(q, q.P50).Text + ", p99 " + quantile(q, q.P99).Text + ", longest " + quantile(q, q.Max).Text + " over the whole run"
	add(timed, "latency", "Response time", "By when each request was due. Percentiles are of all requests of an interval. Click a point to open its request.",
		"Response time over time: "+times, true)
	add(timed, "both", "Response and service time", "A gap between the two is time that requests waited before they were sent: the generator or the target could not keep up.",
		"Response beside service time: response p99 "+quantile(q, q.P99).Text+", service p99 "+quantile(f.ServiceTime, f.ServiceTime.P99).Text, false)
	add(timed, "spectrum", "Percentile spectrum", "How long the slowest part of the requests took: each step to the right is ten times rarer.",
		"Percentiles of the response time: p50 "+quantile(q, q.P50).Text+", p90 "+quantile(q, q.P90).Text+", p99 "+quantile(q, q.P99).Text+", p99.9 "+quantile(q, q.P999).Text, false)
	add(timed, "heat", "Heatmap of response times", "Each cell counts the requests of an interval that took so long. Darker is more.",
		"Heatmap of response times: "+times, true)
	add(len(d.Series) > 0, "rate", "Rate wanted and sent", "Requests that were due and that were sent, per second.",
		"Rate over time: "+rateWords(f), false)
	add(len(d.Series) > 0, "errors", "Errors", "Requests per second that did not end well, by when they were due.",
		"Errors over time: "+strconv.FormatUint(f.Failing().Errors, 10)+" of "+quantity.Some(f.Failing().Due, "request", "requests"), false)
	add(timed, "phases", "Where the service time went", "Mean of each phase of a request, one upon the other.",
		"Mean service time by phase over time", true)
	for l, level := range levels {
		add(d.hasLevel(l), "level"+strconv.Itoa(l), "Target: "+level.Name, "As its telemetry reported, on the same time axis.", "Target's "+level.Name+" over time", false)
	}
	return all
}

// hasLevel reports whether any instance reported a level.
func (d *Data) hasLevel(l int) bool {
	for i := range d.Runtime {
		for j := range d.Runtime[i].Samples {
			if d.Runtime[i].Samples[j].Values[l] >= 0 {
				return true
			}
		}
	}
	return false
}
