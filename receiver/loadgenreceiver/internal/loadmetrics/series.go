package loadmetrics

import (
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
)

// latencyKey identifies a series of the service and the response time. It is compared as it stands: nothing is formatted
// or allocated to find a series.
type latencyKey struct {
	attack int
	result convention.Result
	method string
	host   string
	port   int
	proto  uint8
}

func latencyOf(r *loadgen.Record) latencyKey {
	k := latencyKey{attack: r.Attack, result: convention.ResultOf(r), proto: r.Proto}
	if t := r.Target; t != nil {
		k.host, k.port = t.Host, t.Port
		if k.method = t.Method; !t.RPC {
			// Of the conventions' methods, so that two keys never have the same attributes.
			k.method, _ = convention.Method(t.Method)
		}
	}
	return k
}

// latency is one series each of the latencies of a request. The service time of
// each protocol is a metric of its own; only an overflow has both.
type latency struct {
	key      latencyKey
	http     *histogram // service time; nil until an HTTP request came
	rpc      *histogram // service time; nil until a call came
	response *histogram
	overflow bool
}

// service is the histogram of the service time of a record, made if it is absent.
func (l *latency) service(r *loadgen.Record, exemplars int) *histogram {
	h := &l.http
	if r.Target != nil && r.Target.RPC {
		h = &l.rpc
	}
	if *h == nil {
		*h = newHistogram(exemplars)
	}
	return *h
}

// latencies is the series, in the order in which they appeared.
type latencies struct {
	byKey      map[latencyKey]*latency
	all        []*latency
	overflow   *latency // nil until needed
	overflowed uint64   // records
}

func (s *latencies) get(k latencyKey, o Options) *latency {
	if l, ok := s.byKey[k]; ok {
		return l
	}
	if len(s.byKey) < o.MaxSeries-1 {
		l := s.add(&latency{key: k}, o.Exemplars)
		s.byKey[k] = l
		return l
	}
	s.overflowed++
	if s.overflow == nil {
		s.overflow = s.add(&latency{overflow: true}, o.Exemplars)
	}
	return s.overflow
}

func (s *latencies) add(l *latency, exemplars int) *latency {
	l.response = newHistogram(exemplars)
	s.all = append(s.all, l)
	return l
}

// outcomeKey identifies a series of loadgen.requests.
type outcomeKey struct {
	attack int
	result convention.Result
	reason loadgen.NotSentReason
}

func outcomeOf(r *loadgen.Record) outcomeKey {
	return outcomeKey{attack: r.Attack, result: convention.ResultOf(r)}
}

// outcome is one series of loadgen.requests.
type outcome struct {
	key       outcomeKey
	overflow  bool
	requests  uint64
	collected bool // it has been collected
}

// outcomes is the series, in the order in which they appeared.
type outcomes struct {
	byKey      map[outcomeKey]*outcome
	all        []*outcome
	overflow   *outcome // nil until needed
	overflowed uint64   // requests
}

func (s *outcomes) get(k outcomeKey, limit int, n uint64) *outcome {
	if o, ok := s.byKey[k]; ok {
		return o
	}
	if len(s.byKey) < limit-1 {
		o := &outcome{key: k}
		s.byKey[k] = o
		s.all = append(s.all, o)
		return o
	}
	s.overflowed += n
	if s.overflow == nil {
		s.overflow = &outcome{overflow: true}
		s.all = append(s.all, s.overflow)
	}
	return s.overflow
}
