package summary

import (
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Judge fills in the verdict, from figures and faults that are complete, the
// results of the plan's checks, and the strain on the machine.
func (s *Summary) Judge(plan *loadgen.Plan, results []verdict.Result, strain vitals.Strain) {
	s.Verdict = verdict.Decide(plan.Trust, s.evidence(plan, results, strain), results)
	if !plan.Shard.Whole() {
		s.Verdict.Shard = plan.Shard.String()
	}
}

func (s *Summary) evidence(plan *loadgen.Plan, results []verdict.Result, strain vitals.Strain) *verdict.Evidence {
	e := &verdict.Evidence{Faults: s.Faults, Lost: s.Telemetry.lost(), Error: s.Error, Strain: strain}
	if s.End == Stopped && !(&verdict.Report{Thresholds: results}).Aborted() {
		e.Interrupted = s.StopReason
		if e.Interrupted == "" {
			e.Interrupted = "it was stopped"
		}
	}
	for i := range s.Attacks {
		what, timeout, limited := waitedFor(&plan.Attacks[i])
		e.Attacks = append(e.Attacks, s.Attacks[i].evidence(what, timeout, limited))
	}
	return e
}

func (t *Telemetry) lost() bool { return t.SpansDropped+t.LogsDropped+t.MetricsDropped > 0 }

// evidence of an attack, of what its requests wait for that have no connection, for the
// timeout at most, and whether that is limited.
func (a *Attack) evidence(waitedFor string, timeout time.Duration, limited bool) verdict.Attack {
	e := verdict.Attack{
		Name: a.Name, Sent: a.Requests.Sent(), Late: a.Requests.NotSent[loadgen.NotSentLate],
		Lag: tail(a.Lag), Service: a.ServiceTime.P99.Duration(),
		NoFiles: a.Errors[loadgen.ErrorNoFiles].Count, NoPorts: a.Errors[loadgen.ErrorNoPorts].Count,
		GaveUp: a.Requests.NotSent[loadgen.NotSentConnectionWait], WaitedFor: waitedFor, Timeout: timeout,
	}
	if limited {
		e.ConnWait = tail(a.Phases.Conn)
	}
	return e
}

// waitedFor says what requests of an attack wait for that have no connection, and
// whether that is limited: by the plan, or over HTTP/2, which gRPC is too, by the target.
func waitedFor(spec *loadgen.Attack) (what string, timeout time.Duration, limited bool) {
	const connection, stream = "one of max_connections", "a stream that the target allows"
	if g := spec.GRPC; g != nil {
		return stream, g.Timeout, true
	}
	h := spec.HTTP
	if h == nil {
		return "a connection", 0, false
	}
	switch most, two := h.MaxConnections > 0, multiplexed(h); {
	case most && two:
		return connection + ", or for " + stream, h.Timeout, true
	case most:
		return connection, h.Timeout, true
	case two:
		return stream, h.Timeout, true
	}
	return "a connection", h.Timeout, false
}

// multiplexed reports whether an attack may speak HTTP/2, by its plan.
func multiplexed(h *loadgen.HTTP) bool {
	switch h.Protocol {
	case loadgen.ProtocolHTTP2, loadgen.ProtocolH2C:
		return true
	case loadgen.ProtocolHTTP1:
		return false
	}
	return h.Targets != nil || strings.HasPrefix(strings.ToLower(h.URL), "https:")
}

func tail(q Quantiles) verdict.Tail {
	return verdict.Tail{Count: q.Count, P90: q.P90.Duration(), P99: q.P99.Duration()}
}
