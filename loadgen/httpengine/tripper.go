package httpengine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// seqHeader is where vegeta puts the number of the hit.
const seqHeader = "X-Vegeta-Seq"

var errStopped = errors.New("the run was stopped")

// tripper is the round tripper that vegeta's workers call: one call is one hit,
// and gives sink one record.
type tripper struct {
	*engine
	pacer *pace.Pacer
	sink  loadgen.Sink
	stop  context.Context // when done, no further request is sent
	cut   context.Context // when done, requests under way are cut off
}

// RoundTrip implements http.RoundTripper. The request it is given only carries
// the number of the hit.
func (t *tripper) RoundTrip(carrier *http.Request) (*http.Response, error) {
	seq, err := strconv.ParseUint(carrier.Header.Get(seqHeader), 10, 64)
	if err != nil {
		return nil, err // vegeta sets it on every request
	}
	f := t.begin(seq)
	if t.stop.Err() != nil {
		f.notSent(loadgen.NotSentStopped)
		return nil, errStopped
	}
	return f.fly()
}

// begin makes the record of a hit.
func (t *tripper) begin(seq uint64) *flight {
	hit := t.pacer.Hit(seq)
	request := t.requests[seq%uint64(len(t.requests))]
	f := &flight{tripper: t, request: request}
	f.stamps.clock = t.setup.Clock
	f.record = loadgen.Record{
		Attack:   t.setup.Index,
		Stage:    hit.Stage,
		Seq:      seq,
		TraceID:  t.setup.Run.TraceID(t.setup.Index, seq),
		SpanID:   t.setup.Run.SpanID(t.setup.Index, seq),
		Open:     hit.Open,
		Intended: hit.Intended,
		Target:   &request.target,
	}
	return f
}

// flight is one hit under way. Only the worker that carries it touches it; the
// transport touches its stamps.
type flight struct {
	*tripper
	request *request
	stamps  stamps
	record  loadgen.Record
	release context.CancelFunc
	ended   bool
}

func (f *flight) fly() (*http.Response, error) {
	f.record.Phases = f.stamps.hop()
	f.record.Sent = f.stamps.clock.Add(f.stamps.begin)
	if !f.record.Open {
		f.record.Intended = f.record.Sent
	}
	ctx, cancel := context.WithTimeout(f.cut, f.setup.Attack.HTTP.Timeout)
	f.release = cancel
	ctx = httptrace.WithClientTrace(ctx, f.stamps.hooks())
	req := f.request.send(ctx, enginekit.TraceParent(f.record.TraceID, f.record.SpanID), f.setup.Run.TraceState())
	resp, err := f.transport.RoundTrip(req)
	if err == nil && f.redirects > 0 && isRedirect(resp) {
		resp, err = f.follow(req, resp)
	}
	if err != nil {
		f.fail(err)
		return nil, err
	}
	f.record.Status = resp.StatusCode
	f.record.Proto = uint8(resp.ProtoMajor*10 + resp.ProtoMinor)
	return f.answer(resp.Body), nil
}

// answer is what vegeta's client gets of a response: the body, to be read to its
// end, and nothing else on which it might act, as on a Location.
func (f *flight) answer(rc io.ReadCloser) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: &body{ReadCloser: rc, flight: f, left: int64(f.setup.Attack.HTTP.MaxBody)},
	}
}

func (f *flight) notSent(why loadgen.NotSentReason) {
	f.record.Outcome, f.record.NotSent = loadgen.NotSent, why
	f.end()
}

func (f *flight) finish() {
	if f.ended {
		return
	}
	f.land(true)
	f.end()
}

func (f *flight) fail(err error) {
	if f.ended {
		return
	}
	handshake := f.land(false)
	f.record.Outcome = loadgen.Failed
	f.record.Error = classify(err, handshake)
	f.record.ErrorText = enginekit.ErrorText(err.Error())
	f.end()
}

// land stamps the end of the request and takes what the transport told. It
// reports whether the TLS handshake failed.
//
// Over HTTP/2 a whole response may be there before the transport tells that the
// request is written: then it was, unless the transport says otherwise.
func (f *flight) land(whole bool) (handshake bool) {
	now := f.stamps.now()
	phases, link, handshake := f.stamps.end(now)
	f.record.Done = f.stamps.clock.Add(now)
	f.record.Phases = add(f.record.Phases, phases)
	f.record.Reused, f.record.Dialed = link.reused, link.dialed
	f.record.Local, f.record.Peer = link.local, link.peer
	if link.written || whole && !link.cutShort {
		f.record.BytesSent = int64(len(f.request.body))
	}
	return handshake
}

func (f *flight) end() {
	f.ended = true
	if f.release != nil {
		f.release()
	}
	f.sink(&f.record)
	f.pacer.Done()
}

func add(a, b loadgen.Phases) loadgen.Phases {
	return loadgen.Phases{
		Conn: a.Conn + b.Conn, DNS: a.DNS + b.DNS, Connect: a.Connect + b.Connect, TLS: a.TLS + b.TLS,
		Write: a.Write + b.Write, Wait: a.Wait + b.Wait, Read: a.Read + b.Read,
	}
}

// errBodyTooBig ends the reading of a response that is longer than max_body.
var errBodyTooBig = errors.New("response body is longer than max_body")

// body counts a response's bytes and ends the flight with the last of them.
type body struct {
	io.ReadCloser
	flight *flight
	left   int64 // bytes that may still come
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.flight.record.BytesReceived += int64(n)
	if b.left -= int64(n); b.left < 0 {
		err = errBodyTooBig
	}
	switch {
	case err == io.EOF:
		b.flight.finish()
	case err != nil:
		b.flight.fail(err)
	}
	return n, err
}

// Close ends the flight too, for a reader that stops before the end.
func (b *body) Close() error {
	b.flight.fail(errCut)
	return b.ReadCloser.Close()
}

var errCut = errors.New("response body was not read to its end")
