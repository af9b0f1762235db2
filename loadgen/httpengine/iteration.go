package httpengine

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// iteration is one request under way. Only its worker uses it. When its record has been
// given to the sink, it is reused.
type iteration struct {
	setup    *runner.Setup
	request  *request
	exchange wire.Exchange // of the direct transport
	record   loadgen.Record
	// handshake reports that the TLS handshake failed.
	handshake bool
}

// send sends the request, whose time counts from sent, and makes the rest of the
// record.
func (it *iteration) send(by transport, sent time.Duration) {
	it.record.Sent = it.setup.Clock.Add(sent)
	if !it.record.Open {
		it.record.Intended = it.record.Sent
	}
	err := by.carry(it, sent)
	if err == nil {
		return
	}
	if why, ok := unsent(err); ok {
		it.notSent(why)
		return
	}
	it.record.Outcome = loadgen.Failed
	it.record.Error = classify(err, it.handshake)
	it.record.ErrorText = enginekit.ErrorText(err.Error())
}

// notSent makes the record that of a request of which nothing was on the network.
func (it *iteration) notSent(why loadgen.NotSentReason) {
	r := &it.record
	it.record = loadgen.Record{
		Attack: r.Attack, Stage: r.Stage, Seq: r.Seq, TraceID: r.TraceID, SpanID: r.SpanID, Unsampled: r.Unsampled,
		Open: r.Open, Intended: r.Intended, Target: r.Target,
		Outcome: loadgen.NotSent, NotSent: why,
	}
	if !it.record.Open {
		it.record.Intended = time.Time{}
	}
}

// now is an offset from the run's clock.
func (it *iteration) now() time.Duration { return time.Since(it.setup.Clock) }

func (it *iteration) done(at time.Duration) { it.record.Done = it.setup.Clock.Add(at) }

func add(a, b loadgen.Phases) loadgen.Phases {
	return loadgen.Phases{
		Conn: a.Conn + b.Conn, DNS: a.DNS + b.DNS, Connect: a.Connect + b.Connect, TLS: a.TLS + b.TLS,
		Write: a.Write + b.Write, Wait: a.Wait + b.Wait, Read: a.Read + b.Read,
	}
}
