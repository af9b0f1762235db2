package summary

import (
	"maps"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
)

// sums is what was counted and measured of an attack, or of all, in several shards.
type sums struct {
	planned                uint64
	counts                 counts
	service, lag, response *aggregate
	phases                 [7]*aggregate // in the order of phasesOf
	stream                 *streamSums   // nil if no call streamed
	errors                 map[loadgen.ErrorKind]Error
	excerpts               map[string]string
}

// streamSums are those of calls that stream.
type streamSums struct {
	calls, sent, received uint64
	first, gap            *aggregate
}

func newSums() sums {
	s := sums{
		counts:  counts{notSent: map[loadgen.NotSentReason]uint64{}},
		service: &aggregate{}, lag: &aggregate{}, response: &aggregate{},
		errors: map[loadgen.ErrorKind]Error{}, excerpts: map[string]string{},
	}
	for i := range s.phases {
		s.phases[i] = &aggregate{}
	}
	return s
}

// merge adds what o holds. Of errors and excerpts those that came first stay.
func (s *sums) merge(o *sums) {
	s.planned += o.planned
	s.counts.merge(&o.counts)
	s.service.merge(o.service)
	s.lag.merge(o.lag)
	s.response.merge(o.response)
	for i := range s.phases {
		s.phases[i].merge(o.phases[i])
	}
	if o.stream != nil {
		if s.stream == nil {
			s.stream = &streamSums{first: &aggregate{}, gap: &aggregate{}}
		}
		s.stream.merge(o.stream)
	}
	s.mergeErrors(o.errors)
	for _, status := range slices.Sorted(maps.Keys(o.excerpts)) {
		if _, known := s.excerpts[status]; !known && len(s.excerpts) < keptExcerpts {
			s.excerpts[status] = o.excerpts[status]
		}
	}
}

// mergeErrors adds kinds of errors. What is beyond the kinds that there can be counts as
// other.
func (s *sums) mergeErrors(errors map[loadgen.ErrorKind]Error) {
	for _, kind := range slices.Sorted(maps.Keys(errors)) {
		e := errors[kind]
		if _, known := s.errors[kind]; !known && len(s.errors) >= maxKinds {
			kind = loadgen.ErrorOther
		}
		mine, known := s.errors[kind]
		if !known {
			mine.Example = e.Example
		}
		mine.Count += e.Count
		s.errors[kind] = mine
	}
}

func (s *streamSums) merge(o *streamSums) {
	s.calls += o.calls
	s.sent += o.sent
	s.received += o.received
	s.first.merge(o.first)
	s.gap.merge(o.gap)
}

func (s *sums) measured() *measured {
	m := &measured{
		counts: &s.counts, service: s.service.view(), lag: s.lag.view(), response: s.response.view(), excerpts: s.excerpts,
	}
	for i, h := range s.phases {
		m.phases[i] = h.view()
	}
	if len(s.errors) > 0 {
		m.errors = maps.Clone(s.errors)
	}
	if t := s.stream; t != nil {
		m.stream = &measuredStream{calls: t.calls, sent: t.sent, received: t.received, first: t.first.view(), gap: t.gap.view()}
	}
	return m
}

func (s *sums) figures() Figures {
	f := s.measured().figures()
	f.Requests.Planned = s.planned
	return f
}

// cut is how many requests the stops of the shards cut off.
func (s *sums) cut() uint64 { return s.errors[loadgen.ErrorCancelled].Count }
