package summary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// exemplify fills in the requests that are worth a look, and gives each kind of errors the
// example of its first failure.
//
// The slowest of the run are among the slowest of its shards. Its first failures are among
// those of its shards: the first by when they ended, as one process would have kept them.
func (m *merger) exemplify(s *Summary) {
	s.Slowest = []Request{}
	for _, r := range m.shards {
		s.Slowest = append(s.Slowest, r.sum.Slowest...)
	}
	slices.SortStableFunc(s.Slowest, func(a, b Request) int {
		return cmp.Or(cmp.Compare(b.ResponseTime, a.ResponseTime), cmp.Compare(m.index(a.Attack), m.index(b.Attack)), cmp.Compare(a.Seq, b.Seq))
	})
	s.Slowest = slices.Clip(s.Slowest[:min(len(s.Slowest), keptSlowest)])
	for i := range m.plan.Attacks {
		s.Failures = append(s.Failures, m.failures(i)...)
	}
}

// index of an attack by its name; those that the plan does not have come last.
func (m *merger) index(name string) int {
	i := slices.IndexFunc(m.plan.Attacks, func(a loadgen.Attack) bool { return a.Name == name })
	if i < 0 {
		return len(m.plan.Attacks)
	}
	return i
}

// firstFailure is a failed request, and the example of its kind in its shard.
type firstFailure struct {
	Request
	example string
}

func (f *firstFailure) done() time.Time { return f.Sent.Add(exactly(f.ServiceTime)) }

// failures are the first of each kind of an attack, in the order of sending.
func (m *merger) failures(attack int) []Request {
	name, kinds := m.plan.Attacks[attack].Name, map[loadgen.ErrorKind][]firstFailure{}
	for _, r := range m.shards {
		for _, f := range r.sum.Failures {
			kind := f.Error
			if _, known := r.attacks[attack].errors[kind]; !known {
				kind = loadgen.ErrorOther // as it was counted
			}
			if e, known := r.attacks[attack].errors[kind]; known && f.Attack == name {
				kinds[kind] = append(kinds[kind], firstFailure{f, e.Example})
			}
		}
	}
	var all []Request
	for kind, list := range kinds {
		slices.SortStableFunc(list, func(a, b firstFailure) int { return cmp.Or(a.done().Compare(b.done()), cmp.Compare(a.Seq, b.Seq)) })
		if e, known := m.attacks[attack].errors[kind]; known {
			e.Example = list[0].example
			m.attacks[attack].errors[kind] = e
		}
		for _, f := range list[:min(len(list), keptFailures)] {
			all = append(all, f.Request)
		}
	}
	slices.SortFunc(all, func(a, b Request) int { return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.Seq, b.Seq)) })
	return all
}

// telemetry is the sum of the shards'.
func (m *merger) telemetry() (t Telemetry) {
	var sent, of uint64
	for _, r := range m.shards {
		o := &r.sum.Telemetry
		t.SpansMade += o.SpansMade
		t.SpansDelivered += o.SpansDelivered
		t.SpansDropped += o.SpansDropped
		t.SpansWaiting += o.SpansWaiting
		t.SpansSampledOut += o.SpansSampledOut
		t.LogsDropped += o.LogsDropped
		t.MetricsDropped += o.MetricsDropped
		t.Refused += o.Refused
		sent, of = sent+r.sum.Total.Requests.Sent(), of+o.SpansOfRequests
		t.Join = t.Join.merged(o.Join)
	}
	t.OfRequests(of, sent)
	return t
}

// merged is the sum of two joins, each of which may be nil.
func (j *Join) merged(o *Join) *Join {
	switch {
	case o == nil:
		return j
	case j == nil:
		j = &Join{}
	}
	out := *j
	out.Complete += o.Complete
	out.Partial += o.Partial
	out.None += o.None
	out.Missing, out.Absent = added(j.Missing, o.Missing), added(j.Absent, o.Absent)
	out.Advice, out.Observed, out.Errors = together(j.Advice, o.Advice), together(j.Observed, o.Observed), together(j.Errors, o.Errors)
	return &out
}

// added is the sum of two counts by name; of names there are maxKinds at most.
func added(a, b map[string]uint64) map[string]uint64 {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := map[string]uint64{}
	maps.Copy(out, a)
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, known := out[name]; known || len(out) < maxKinds {
			out[name] += b[name]
		}
	}
	return out
}

// together has the texts of both lists once, in their order; maxKinds at most.
func together(a, b []string) []string {
	out := slices.Clone(a)
	for _, text := range b {
		if !slices.Contains(out, text) && len(out) < maxKinds {
			out = append(out, text)
		}
	}
	return out
}

// findings are those of all shards, at most ten of each kind, with their numbers: what a
// shard found rests on its own requests.
func (m *merger) findings() (list []Finding) {
	const most = 10
	kinds := map[FindingKind]int{}
	for _, r := range m.shards {
		for _, f := range r.sum.Findings {
			if kinds[f.Kind]++; kinds[f.Kind] <= most && len(list) < maxKinds {
				f.Sentence = fmt.Sprintf("shard %s: %s", r.shard, f.Sentence)
				list = append(list, f)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(b.Cost, a.Cost) })
	return list
}

// environment is the generator of the first shard, and the targets that any shard knows.
func (m *merger) environment() Environment {
	out := Environment{Generator: m.shards[0].sum.Environment.Generator}
	for _, r := range m.shards {
		for _, t := range r.sum.Environment.Targets {
			known := slices.ContainsFunc(out.Targets, func(o Target) bool { return o.Service == t.Service && o.Instance == t.Instance })
			if !known && len(out.Targets) < maxOutlined {
				out.Targets = append(out.Targets, t)
			}
		}
	}
	slices.SortStableFunc(out.Targets, func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Instance, b.Instance))
	})
	return out
}
