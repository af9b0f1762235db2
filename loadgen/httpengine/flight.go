package httpengine

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// flight is one hit under way. Only the worker that carries it touches it. When
// its record has been given to the sink it is used again.
type flight struct {
	setup    *runner.Setup
	request  *request
	exchange wire.Exchange // of the direct transport
	record   loadgen.Record
	// handshake tells that the TLS handshake failed.
	handshake bool
}

// fly sends the request and makes the rest of the record.
func (f *flight) fly(by transport) {
	sent := f.now()
	f.record.Sent = f.setup.Clock.Add(sent)
	if !f.record.Open {
		f.record.Intended = f.record.Sent
	}
	err := by.carry(f, sent)
	if err == nil {
		return
	}
	if why, ok := unsent(err); ok {
		f.leave(why)
		return
	}
	f.record.Outcome = loadgen.Failed
	f.record.Error = classify(err, f.handshake)
	f.record.ErrorText = enginekit.ErrorText(err.Error())
}

// leave makes the record that of a request of which nothing was on the network.
func (f *flight) leave(why loadgen.NotSentReason) {
	r := &f.record
	f.record = loadgen.Record{
		Attack: r.Attack, Stage: r.Stage, Seq: r.Seq, TraceID: r.TraceID, SpanID: r.SpanID, Unsampled: r.Unsampled,
		Open: r.Open, Intended: r.Intended, Target: r.Target,
		Outcome: loadgen.NotSent, NotSent: why,
	}
	if !f.record.Open {
		f.record.Intended = time.Time{}
	}
}

// now is an offset from the run's clock.
func (f *flight) now() time.Duration { return time.Since(f.setup.Clock) }

func (f *flight) done(at time.Duration) { f.record.Done = f.setup.Clock.Add(at) }

func add(a, b loadgen.Phases) loadgen.Phases {
	return loadgen.Phases{
		Conn: a.Conn + b.Conn, DNS: a.DNS + b.DNS, Connect: a.Connect + b.Connect, TLS: a.TLS + b.TLS,
		Write: a.Write + b.Write, Wait: a.Wait + b.Wait, Read: a.Read + b.Read,
	}
}
