package summary

import "github.com/loadtrace/loadtrace/loadgen"

// stream is what was counted and measured of the calls of an attack that stream.
type stream struct {
	calls, sent, received uint64
	first, gap            *histogram
}

func newStream() *stream { return &stream{first: newHistogram(), gap: newHistogram()} }

func (s *stream) add(r *loadgen.Stream) {
	s.calls++
	s.sent += uint64(r.Sent)
	s.received += uint64(r.Received)
	if r.Received > 0 {
		s.first.add(r.First)
	}
	for _, gap := range r.Gaps {
		s.gap.add(gap)
	}
}

func (s *stream) merge(o *stream) {
	s.calls += o.calls
	s.sent += o.sent
	s.received += o.received
	s.first.merge(o.first)
	s.gap.merge(o.gap)
}

// measuredStream is what the figures of calls that stream are computed from.
type measuredStream struct {
	calls, sent, received uint64
	first, gap            *view
}

// measured is what s, which may be nil, has counted.
func (s *stream) measured() *measuredStream {
	if s == nil {
		return nil
	}
	return &measuredStream{calls: s.calls, sent: s.sent, received: s.received, first: s.first.view(), gap: s.gap.view()}
}

// figures of m, which may be nil: then there are none.
func (m *measuredStream) figures() *Stream {
	if m == nil {
		return nil
	}
	return &Stream{
		Calls: m.calls, Sent: m.sent, Received: m.received,
		First: m.first.quantiles(), Gap: m.gap.quantiles(),
	}
}
