package session

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
)

// addJoin records a join that starts.
func (s *session) addJoin(j *tracejoinprocessor.Join) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joins = append(s.joins, j)
}

func (s *session) allJoins() []*tracejoinprocessor.Join {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joins
}

// waiting returns how many requests wait for the target's telemetry.
func (s *session) waiting() (n uint64) {
	for _, j := range s.allJoins() {
		n += j.Waiting()
	}
	return n
}

// expects reports whether telemetry is expected for the requests that wait.
func (s *session) expects() bool {
	return slices.ContainsFunc(s.allJoins(), (*tracejoinprocessor.Join).Expects)
}

// awaitJoins waits until no request waits for the target's telemetry, which takes no
// longer than the wait of the joins, or until stop or cancelled is closed.
func (s *session) awaitJoins(stop, cancelled <-chan struct{}) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for s.waiting() > 0 {
		select {
		case <-look.C:
		case <-stop:
			return
		case <-cancelled:
			return
		}
	}
}

// addJoins adds the joins' counts to the summary when the collector has shut down: the
// spans lost, the deliveries refused by the next consumer, and what was joined.
func (s *session) addJoins(sum *summary.Summary) {
	if sum.RunID == "" {
		return
	}
	var lost uint64
	var all *summary.Join
	var covered []tracejoinprocessor.Coverage
	for _, j := range s.allJoins() {
		lost += j.Lost()
		sum.Telemetry.Refused += j.Retries()
		covered = append(covered, j.Coverage())
		if all == nil {
			all = &summary.Join{Missing: map[string]uint64{}, Absent: map[string]uint64{}}
		}
		all.Observed = addObserved(all.Observed, j)
		all.Errors = append(all.Errors, j.Errors()...)
	}
	for _, c := range once(covered, sum.Telemetry.SpansMade) {
		all.Complete += c.Complete
		all.Partial += c.Partial
		all.None += c.None
		for why, n := range c.Missing {
			all.Missing[why] += n
		}
		for why, n := range c.Absent {
			all.Absent[why] += n
		}
	}
	if all != nil {
		all.Advice = s.advice(all, sum.Elapsed.Duration())
	}
	sum.Telemetry.Join = all
	sum.Lose(lost)
}

// once returns the joins' counts such that no request is in two of them: all, if they share the
// requests, or else that of the join that had most, and joined most of these.
func once(all []tracejoinprocessor.Coverage, made uint64) []tracejoinprocessor.Coverage {
	var sum uint64
	of := func(c tracejoinprocessor.Coverage) uint64 { return c.Complete + c.Partial + c.None }
	for _, c := range all {
		sum += of(c)
	}
	if sum <= made || len(all) == 0 {
		return all
	}
	return []tracejoinprocessor.Coverage{slices.MaxFunc(all, func(a, b tracejoinprocessor.Coverage) int {
		return cmp.Or(cmp.Compare(of(a), of(b)), cmp.Compare(a.Complete, b.Complete), cmp.Compare(a.Partial, b.Partial))
	})}
}

// advice returns what to do if the target's telemetry did not arrive.
func (s *session) advice(j *summary.Join, took time.Duration) (sentences []string) {
	if n := s.connections.TLS(); n > 0 {
		sentences = append(sentences, fmt.Sprintf("%s to %s spoke TLS, which it does not take: set OTEL_EXPORTER_OTLP_INSECURE=true "+
			"for the target, or give its exporter an endpoint with http://", countConnections(n), s.listen.grpcURL()))
	}
	if n := s.connections.HTTP1(); n > 0 {
		sentences = append(sentences, fmt.Sprintf("%s to %s spoke HTTP/1, as OTLP over HTTP does: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc "+
			"for the target, or send to %s", countConnections(n), s.listen.grpcURL(), cmp.Or(s.listen.httpURL(), "an address for HTTP (--listen)")))
	}
	if len(sentences) > 0 || len(j.Observed) > 0 || !s.listen.Any() {
		return sentences
	}
	nothing := "no telemetry came from the target: it has no OpenTelemetry SDK, sends elsewhere than " + s.listen.urls() + ", "
	if took < tracejoinprocessor.DefaultWait {
		nothing += "had not sent yet (SDKs do so every 5 s, and the run took " + took.Round(100*time.Millisecond).String() + "), "
	}
	return append(sentences, nothing+"or its exporter is waiting to try again (see "+notJoined+")")
}

func countConnections(n uint64) string {
	if n == 1 {
		return "a connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// notJoined is the page about targets whose telemetry does not arrive.
const notJoined = "docs/not-joined.md"

// addObserved adds the signals that a join received.
func addObserved(to []string, j *tracejoinprocessor.Join) []string {
	spans, samples, lines := j.Observed()
	for _, signal := range []struct {
		name string
		came bool
	}{{"traces", spans}, {"metrics", samples}, {"logs", lines}} {
		if signal.came && !slices.Contains(to, signal.name) {
			to = append(to, signal.name)
		}
	}
	return to
}
