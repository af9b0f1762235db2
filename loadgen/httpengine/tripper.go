package httpengine

import (
	"context"
	"net/http"
	"strconv"
	"sync"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// seqHeader is where vegeta puts the number of the hit.
const seqHeader = "X-Vegeta-Seq"

// tripper is the round tripper that vegeta's workers call: one call is one hit,
// and gives sink one record.
type tripper struct {
	*engine
	pacer   *pace.Pacer
	sink    loadgen.Sink
	stop    context.Context // when done, no further request is sent
	flights sync.Pool       // of *flight
}

// answer is what vegeta gets for every hit: nothing on which its client might
// act, as on a Location, and nothing left to read.
var answer = &http.Response{
	StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
}

// RoundTrip implements http.RoundTripper. The request it is given only carries
// the number of the hit.
func (t *tripper) RoundTrip(carrier *http.Request) (*http.Response, error) {
	seq, err := strconv.ParseUint(carrier.Header.Get(seqHeader), 10, 64)
	if err != nil {
		return nil, err // vegeta sets it on every request
	}
	f, _ := t.flights.Get().(*flight)
	if f == nil {
		f = &flight{setup: &t.setup}
	}
	t.begin(f, seq)
	if t.stop.Err() != nil {
		f.record.Outcome, f.record.NotSent = loadgen.NotSent, loadgen.NotSentStopped
	} else {
		f.fly(t.transport)
	}
	t.sink(&f.record)
	t.pacer.Done()
	t.flights.Put(f)
	return answer, nil
}

// begin makes the record of a hit.
func (t *tripper) begin(f *flight, seq uint64) {
	hit := t.pacer.Hit(seq)
	f.request = t.requests[seq%uint64(len(t.requests))]
	f.handshake = false
	f.record = loadgen.Record{
		Attack:   t.setup.Index,
		Stage:    hit.Stage,
		Seq:      seq,
		TraceID:  t.setup.Run.TraceID(t.setup.Index, seq),
		SpanID:   t.setup.Run.SpanID(t.setup.Index, seq),
		Open:     hit.Open,
		Intended: hit.Intended,
		Target:   &f.request.target,
	}
}
