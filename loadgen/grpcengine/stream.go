package grpcengine

import (
	"time"

	ghz "github.com/bojand/ghz/runner"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Recv implements ghz.StreamInterceptor: a message has come.
func (c *call) Recv(m *token, err error) error {
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil
	}
	now := c.now()
	c.answers++
	c.record.BytesReceived += receipt(m)
	if s := c.record.Stream; s != nil {
		c.note(s, now)
	}
	if c.marks.first == 0 {
		c.marks.first = now
	}
	c.marks.last = now
	return nil
}

// note writes a message received at a moment into the record's stream.
func (c *call) note(s *loadgen.Stream, now time.Duration) {
	s.Received++
	switch {
	case c.marks.first == 0:
		s.First = now - c.begin
	case len(s.Gaps) < loadgen.MaxGaps:
		s.Gaps = append(s.Gaps, now-c.marks.last)
	default:
		s.GapsCut++
	}
}

// Send implements ghz.StreamInterceptor: the next message of a stream that the
// client sends is wanted. ghz asks from one goroutine.
func (c *call) Send(call *ghz.CallData) (*token, error) {
	spec := c.setup.Attack.GRPC.Stream
	n := c.handed
	if n == c.perStream { // of a call that is cancelled: until then the client's side stays open
		<-c.over
		return nil, ghz.ErrEndStream
	}
	if n > 0 && !c.rest(spec.Interval, spec.Duration) {
		return nil, ghz.ErrEndStream
	}
	m, err := c.messages.at(uint64(n), call)
	if err != nil {
		c.giveUp(err)
		return nil, ghz.ErrEndStream
	}
	c.handed++
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(m)
	c.marks.wrote = c.now()
	if c.handed == c.perStream && !c.cancels() {
		return m, ghz.ErrLastMessage
	}
	return m, nil
}

// rest waits between two messages. It reports false when the stream is to be
// closed instead.
func (c *call) rest(interval, duration time.Duration) bool {
	last := false
	if duration > 0 && !c.cancels() {
		left := duration - (c.now() - c.begin)
		interval, last = min(interval, left), left <= interval
	}
	if interval > 0 {
		timer := time.NewTimer(interval)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.over:
		}
	}
	return !last
}
