package loadmetrics

import (
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// stream is what is measured of the calls of an attack that stream.
type stream struct {
	first, gap     *histogram // nil until a message came, or a second one
	called         bool
	sent, received uint64 // messages
}

// addStream measures a call's messages. Gaps that the record has not, beyond
// loadgen.MaxGaps, are not measured.
func (m *Meter) addStream(s *stream, r *loadgen.Record) {
	s.called = true
	s.sent += uint64(r.Stream.Sent)
	s.received += uint64(r.Stream.Received)
	if r.Stream.Received == 0 {
		return
	}
	s.first = m.made(s.first)
	s.first.add(r.Stream.First, r, m.random.Uint64())
	for _, gap := range r.Stream.Gaps {
		s.gap = m.made(s.gap)
		s.gap.add(gap, r, m.random.Uint64())
	}
}

// made is h, or a new histogram if there is none.
func (m *Meter) made(h *histogram) *histogram {
	if h == nil {
		return newHistogram(m.o.Exemplars)
	}
	return h
}

func (m *Meter) collectStreams(p metricsBuilder) {
	first := p.histogram(attr.MetricFirstMessage, "From sending a call that streams to the first message received.")
	gap := p.histogram(attr.MetricMessageGap, "Time between messages received in a call.")
	messages := p.sum(attr.MetricMessages, "{message}", "Messages of calls that stream.", true)
	for i := range m.attacks {
		s := &m.attacks[i].stream
		if s.first != nil {
			point := p.timed(first)
			m.putAttack(point.Attributes(), i)
			s.first.moveTo(point)
		}
		if s.gap != nil {
			point := p.timed(gap)
			m.putAttack(point.Attributes(), i)
			s.gap.moveTo(point)
		}
		if s.called {
			m.putLabelled(p.count(messages, s.sent), i, attr.NetworkIODirection, "transmit")
			m.putLabelled(p.count(messages, s.received), i, attr.NetworkIODirection, "receive")
		}
	}
}
