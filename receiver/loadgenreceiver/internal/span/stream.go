package span

import (
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// MaxMessages bounds the events of a span, one for each message received, from
// the first on. The others are in the span's count of dropped events.
const MaxMessages = 32

// Hold copies a record that is to wait for its span, since a stream is the
// engine's once the sink has returned. Of its gaps it keeps those that the span
// shows.
func Hold(rec *loadgen.Record) loadgen.Record {
	held := *rec
	if rec.Stream != nil {
		s := *rec.Stream
		n := min(len(s.Gaps), MaxMessages-1)
		s.GapsCut += len(s.Gaps) - n
		s.Gaps = append([]time.Duration(nil), s.Gaps[:n]...)
		held.Stream = &s
	}
	return held
}

func putStream(s ptrace.Span, rec *loadgen.Record) {
	a := s.Attributes()
	a.PutInt(attr.StreamSent, int64(rec.Stream.Sent))
	a.PutInt(attr.StreamReceived, int64(rec.Stream.Received))
	if rec.Stream.Received == 0 {
		return
	}
	a.PutDouble(attr.StreamFirst, rec.Stream.First.Seconds())
	putMessages(s, rec.Sent.Add(rec.Stream.First), rec.Stream)
}

// putMessages makes an event of each message received, the first at a time.
func putMessages(s ptrace.Span, at time.Time, stream *loadgen.Stream) {
	shown := min(stream.Received, MaxMessages, len(stream.Gaps)+1)
	s.Events().EnsureCapacity(shown)
	for i := range shown {
		if i > 0 {
			at = at.Add(stream.Gaps[i-1])
		}
		e := s.Events().AppendEmpty()
		e.SetName(attr.EventMessage)
		e.SetTimestamp(stamp(at))
		e.Attributes().PutInt(attr.MessageNumber, int64(i+1))
	}
	s.SetDroppedEventsCount(uint32(stream.Received - shown))
}
