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

// figures of s, which may be nil: then there are none.
func (s *stream) figures() *Stream {
	if s == nil {
		return nil
	}
	return &Stream{
		Calls: s.calls, Sent: s.sent, Received: s.received,
		First: s.first.quantiles(), Gap: s.gap.quantiles(),
	}
}
