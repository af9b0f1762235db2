package summary

import (
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Judge fills in the verdict, from figures and faults that are complete, the
// results of the plan's checks, and the strain on the machine.
func (s *Summary) Judge(plan *loadgen.Plan, results []verdict.Result, strain vitals.Strain) {
	s.Verdict = verdict.Decide(plan.Trust, s.evidence(plan, results, strain), results)
	if !plan.Part.Whole() {
		s.Verdict.Part = plan.Part.String()
	}
}

func (s *Summary) evidence(plan *loadgen.Plan, results []verdict.Result, strain vitals.Strain) *verdict.Evidence {
	t := &s.Telemetry
	lost := t.SpansDropped+t.LogsDropped+t.MetricsDropped > 0
	e := &verdict.Evidence{Faults: s.Faults, Lost: lost, Error: s.Error, Strain: strain}
	if s.End == Stopped && !aborted(results) {
		e.Interrupted = s.StopReason
		if e.Interrupted == "" {
			e.Interrupted = "it was stopped"
		}
	}
	for i := range s.Attacks {
		e.Attacks = append(e.Attacks, s.Attacks[i].evidence(&plan.Attacks[i]))
	}
	return e
}

// aborted reports whether a threshold ended the run.
func aborted(results []verdict.Result) bool {
	for i := range results {
		if results[i].Aborted {
			return true
		}
	}
	return false
}

func (a *Attack) evidence(spec *loadgen.Attack) verdict.Attack {
	e := verdict.Attack{
		Name: a.Name, Sent: a.Requests.Sent(), Late: a.Requests.NotSent[loadgen.NotSentLate],
		Lag: tail(a.Lag), Service: a.ServiceTime.P99.Duration(),
		NoFiles: a.Errors[loadgen.ErrorNoFiles].Count, NoPorts: a.Errors[loadgen.ErrorNoPorts].Count,
	}
	if spec.HTTP != nil && spec.HTTP.MaxConnections > 0 {
		e.ConnWait = tail(a.Phases.Conn)
	}
	return e
}

func tail(q Quantiles) verdict.Tail {
	return verdict.Tail{Count: q.Count, P90: q.P90.Duration(), P99: q.P99.Duration()}
}
