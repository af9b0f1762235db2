package summary

import (
	"maps"
	"strconv"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// distributionBins bounds Figures.Distribution.
const distributionBins = 32

// measured is what the figures of an attack, or of all, are computed from.
type measured struct {
	counts                 *counts
	service, lag, response *view
	phases                 [7]*view // in the order of phasesOf
	stream                 *measuredStream
	errors                 map[loadgen.ErrorKind]Error
	excerpts               map[string]string
}

// measured is what t has counted. t.mu is held for as long as it is used.
func (t *tally) measured() *measured {
	m := &measured{
		counts: &t.counts, service: t.times.service.view(), lag: t.times.lag.view(), response: t.times.response.view(),
		stream: t.stream.measured(), excerpts: t.excerpts,
	}
	for i, h := range t.phases {
		m.phases[i] = h.view()
	}
	for kind, e := range t.failures {
		if m.errors == nil {
			m.errors = map[loadgen.ErrorKind]Error{}
		}
		m.errors[kind] = Error{Count: e.count, Example: e.example}
	}
	return m
}

// figures of what was counted, without what only an account knows.
func (t *tally) figures() Figures { return t.measured().figures() }

func (m *measured) figures() Figures {
	f := Figures{
		Requests: Requests{
			Finished: m.counts.finished,
			Failed:   m.counts.failed,
			OK:       m.counts.ok,
			NotSent:  m.counts.reasons(),
		},
		ServiceTime:  m.service.quantiles(),
		ResponseTime: m.response.quantiles(),
		Lag:          m.lag.quantiles(),
		Distribution: m.response.bins(distributionBins),
		Status:       m.counts.codes(),
		Errors:       m.errors,
		Connections:  m.counts.connections,
		Bytes:        m.counts.bytes,
		Phases:       m.phaseFigures(),
		Stream:       m.stream.figures(),
	}
	if len(m.excerpts) > 0 {
		f.Excerpts = maps.Clone(m.excerpts)
	}
	return f
}

func (m *measured) phaseFigures() Phases {
	var q [7]Quantiles
	for i, h := range m.phases {
		q[i] = h.quantiles()
	}
	return Phases{Conn: q[0], DNS: q[1], Connect: q[2], TLS: q[3], Write: q[4], Wait: q[5], Read: q[6]}
}

func (c *counts) reasons() map[loadgen.NotSentReason]uint64 {
	if len(c.notSent) == 0 {
		return nil
	}
	m := make(map[loadgen.NotSentReason]uint64, len(c.notSent))
	for reason, n := range c.notSent {
		m[reason] = n
	}
	return m
}

func (c *counts) codes() map[string]uint64 {
	m := map[string]uint64{}
	if n := c.status[0] + c.rpc[rpcCodes]; n > 0 {
		m["other"] = n
	}
	for code, n := range c.status[1:] {
		if n > 0 {
			m[strconv.Itoa(code+1)] = n
		}
	}
	for code, n := range c.rpc[:rpcCodes] {
		if n > 0 {
			m[loadgen.CodeName(code)] = n
		}
	}
	return m
}

// requests gives records the form of a summary.
func (a *Accumulator) requests(records []loadgen.Record) []Request {
	out := make([]Request, len(records))
	for i := range records {
		out[i] = request(&records[i], a.plan)
	}
	return out
}

func request(r *loadgen.Record, plan *loadgen.Plan) Request {
	q := Request{
		TraceID:      r.TraceID.String(),
		SpanID:       r.SpanID.String(),
		Unsampled:    r.Unsampled,
		Attack:       plan.Attacks[r.Attack].Name,
		Seq:          r.Seq,
		Error:        r.Error,
		Sent:         r.Sent,
		ServiceTime:  inSeconds(r.ServiceTime()),
		ResponseTime: inSeconds(r.ResponseTime()),
		Phases:       requestPhases(&r.Phases),
	}
	if r.Target != nil {
		q.Method, q.URL = r.Target.Method, r.Target.URL
	}
	if isRPC(r) {
		q.Code = r.StatusName()
	} else {
		q.Status = r.Status
	}
	return q
}

func requestPhases(p *loadgen.Phases) RequestPhases {
	return RequestPhases{
		Conn:    inSeconds(p.Conn),
		DNS:     inSeconds(p.DNS),
		Connect: inSeconds(p.Connect),
		TLS:     inSeconds(p.TLS),
		Write:   inSeconds(p.Write),
		Wait:    inSeconds(p.Wait),
		Read:    inSeconds(p.Read),
	}
}

func inSeconds(d time.Duration) Seconds { return Seconds(d.Seconds()) }
