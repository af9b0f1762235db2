package main

import (
	"context"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
)

// joined is told of each join that starts.
func (s *session) joined(j *tracejoinprocessor.Join) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joins = append(s.joins, j)
}

func (s *session) allJoins() []*tracejoinprocessor.Join {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joins
}

// waiting is how many requests wait for what the target tells of them.
func (s *session) waiting() (n uint64) {
	for _, j := range s.allJoins() {
		n += j.Waiting()
	}
	return n
}

// linger waits until no request waits any more for what the target tells of it,
// which is no longer than the wait of the joins, or until somebody has had enough.
func (s *session) linger(ctx context.Context, enough <-chan string) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for s.waiting() > 0 {
		select {
		case <-look.C:
		case <-enough:
			return
		case <-ctx.Done():
			return
		}
	}
}

// settle adds to the summary what the joins know when the collector has shut down:
// what became of the spans that they took, how often the pipeline behind refused some,
// and what was joined to them.
func (s *session) settle(sum *summary.Summary) {
	if sum.RunID == "" {
		return
	}
	var lost uint64
	var all *summary.Join
	for _, j := range s.allJoins() {
		lost += j.Lost()
		sum.Telemetry.Refused += j.Retries()
		c := j.Coverage()
		if all == nil {
			all = &summary.Join{Missing: map[string]uint64{}}
		}
		all.Complete += c.Complete
		all.Partial += c.Partial
		all.None += c.None
		for why, n := range c.Missing {
			all.Missing[why] += n
		}
	}
	if all != nil {
		all.Advice = s.advice(all)
	}
	sum.Telemetry.Join = all
	sum.Lose(lost)
}

// advice is what to do where the target's telemetry did not come.
func (s *session) advice(j *summary.Join) []string {
	n, nothing := s.tls.Count(), j.Complete+j.Partial == 0
	switch {
	case n > 0:
		connections := fmt.Sprintf("%d connections", n)
		if n == 1 {
			connections = "a connection"
		}
		return []string{fmt.Sprintf("%s to %s spoke TLS, which it does not take: set OTEL_EXPORTER_OTLP_INSECURE=true "+
			"for the target, or give its exporter an endpoint with http://", connections, s.listen.grpcURL())}
	case nothing && s.listen.any():
		return []string{"no telemetry came from the target: it has no OpenTelemetry SDK, sends elsewhere than " + s.listen.urls() +
			", or its exporter is waiting to try again (see " + notJoined + ")"}
	}
	return nil
}

// notJoined is the page about targets whose telemetry does not come.
const notJoined = "docs/not-joined.md"
