package grpcengine

import (
	"time"

	ghz "github.com/bojand/ghz/runner"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Recv implements ghz.StreamInterceptor: a message has come.
func (f *flight) Recv(m *token, err error) error {
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return nil
	}
	now := f.now()
	f.answers++
	f.record.BytesReceived += receipt(m)
	if s := f.record.Stream; s != nil {
		f.note(s, now)
	}
	if f.marks.first == 0 {
		f.marks.first = now
	}
	f.marks.last = now
	return nil
}

// note writes a message received at a moment into the record's stream.
func (f *flight) note(s *loadgen.Stream, now time.Duration) {
	s.Received++
	switch {
	case f.marks.first == 0:
		s.First = now - f.begin
	case len(s.Gaps) < loadgen.MaxGaps:
		s.Gaps = append(s.Gaps, now-f.marks.last)
	default:
		s.GapsCut++
	}
}

// Send implements ghz.StreamInterceptor: the next message of a stream that the
// client sends is wanted. ghz asks from one goroutine.
func (f *flight) Send(call *ghz.CallData) (*token, error) {
	spec := f.setup.Attack.GRPC.Stream
	n := f.handed
	if n == f.perStream { // of a call that is cancelled: until then the client's side stays open
		<-f.over
		return nil, ghz.ErrEndStream
	}
	if n > 0 && !f.rest(spec.Interval, spec.Duration) {
		return nil, ghz.ErrEndStream
	}
	m, err := f.messages.at(uint64(n), call)
	if err != nil {
		f.giveUp(err)
		return nil, ghz.ErrEndStream
	}
	f.handed++
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(m)
	f.marks.wrote = f.now()
	if f.handed == f.perStream && !f.cancels() {
		return m, ghz.ErrLastMessage
	}
	return m, nil
}

// rest waits between two messages. It reports false when the stream is to be
// closed instead.
func (f *flight) rest(interval, duration time.Duration) bool {
	last := false
	if duration > 0 && !f.cancels() {
		left := duration - (f.now() - f.begin)
		interval, last = min(interval, left), left <= interval
	}
	if interval > 0 {
		timer := time.NewTimer(interval)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-f.over:
		}
	}
	return !last
}
