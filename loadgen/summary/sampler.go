package summary

import (
	"math"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// sampler holds what the figure of one check is computed from: times, or how
// many of all requests were of a kind.
type sampler struct {
	times       *histogram // nil before the first
	n, matching uint64
}

// takes adds a record to s, if it counts for the figure of a check. How long a
// request took that the stop of the run cut off, and that it has no status, says
// nothing of the target.
func (s *sampler) take(metric loadgen.Metric, statuses loadgen.Statuses, r *loadgen.Record) {
	sent := r.Outcome != loadgen.NotSent
	switch {
	case metric == loadgen.MetricScheduleLag:
		if sent && r.Open {
			s.time(r.Lag())
		}
	case !r.Due():
	case metric == loadgen.MetricErrorRatio:
		s.count(!r.OK())
	case !sent:
	case metric == loadgen.MetricResponseTime:
		s.time(r.ResponseTime())
	case metric == loadgen.MetricServiceTime:
		s.time(r.ServiceTime())
	case metric == loadgen.MetricStatus:
		s.count(statuses.Has(r))
	}
}

func (s *sampler) time(d time.Duration) {
	if s.times == nil {
		s.times = newHistogram()
	}
	s.times.add(d)
}

func (s *sampler) count(matches bool) {
	s.n++
	if matches {
		s.matching++
	}
}

func (s *sampler) merge(o *sampler) {
	s.n += o.n
	s.matching += o.matching
	if o.times != nil {
		s.mergeTimes(o.times)
	}
}

func (s *sampler) mergeTimes(h *histogram) {
	if s.times == nil {
		s.times = newHistogram()
	}
	s.times.merge(h)
}

// reading is the figure of a check, but for rates.
func (s *sampler) reading(c *verdict.Check) verdict.Reading {
	if s.times == nil {
		return reading(c, nil, s.n, s.matching)
	}
	return reading(c, s.times.view(), s.n, s.matching)
}

// reading is the figure of a check, but for rates: of times, which may be nil, or of how
// many of n requests match.
func reading(c *verdict.Check, times *view, n, matching uint64) verdict.Reading {
	if !c.Metric.Time() {
		if n == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: float64(matching) / float64(n), Samples: n}
	}
	if times == nil || times.count == 0 {
		return verdict.Reading{}
	}
	r := verdict.Reading{Samples: times.count}
	var ns float64
	switch c.Stat {
	case loadgen.StatMean:
		ns = times.mean()
	case loadgen.StatMax:
		ns = times.max
	default:
		// 99.9/100 is a little more than 0.999, which would be the next rank.
		ns = times.values(math.Round(c.Percentile*1e7) / 1e9)[0]
	}
	r.Value = float64(seconds(ns))
	return r
}

// sampled adds to s what a tally has of the whole run. t.mu is held.
func (t *tally) sampled(c *verdict.Check, statuses loadgen.Statuses, s *sampler) {
	sent := t.counts.finished + t.counts.failed - t.cut()
	switch c.Metric {
	case loadgen.MetricResponseTime:
		s.mergeTimes(t.times.response)
		s.mergeTimes(t.times.interval)
	case loadgen.MetricServiceTime:
		s.mergeTimes(t.times.service)
	case loadgen.MetricScheduleLag:
		s.mergeTimes(t.times.lag)
	case loadgen.MetricErrorRatio:
		due := sent + t.counts.lost()
		s.merge(&sampler{n: due, matching: due - t.counts.ok})
	case loadgen.MetricStatus:
		s.merge(&sampler{n: sent, matching: t.counts.having(statuses)})
	}
}

// having is how many finished requests have one of the statuses.
func (c *counts) having(s loadgen.Statuses) (n uint64) {
	for code := s.Low; code <= s.High; code++ {
		if s.RPC {
			n += c.rpc[code]
		} else {
			n += c.status[code]
		}
	}
	return n
}
