package summary

import (
	"maps"
	"strconv"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// distributionBins bounds Figures.Distribution.
const distributionBins = 32

// figures of what was counted, without what only an account knows.
func (t *tally) figures() Figures {
	f := Figures{
		Requests: Requests{
			Finished: t.counts.finished,
			Failed:   t.counts.failed,
			OK:       t.counts.ok,
			NotSent:  t.counts.reasons(),
		},
		ServiceTime:  t.times.service.quantiles(),
		ResponseTime: t.times.response.quantiles(),
		Lag:          t.times.lag.quantiles(),
		Distribution: t.times.response.bins(distributionBins),
		Status:       t.counts.codes(),
		Connections:  t.counts.connections,
		Bytes:        t.counts.bytes,
		Phases:       t.phaseFigures(),
		Stream:       t.stream.figures(),
	}
	if len(t.excerpts) > 0 {
		f.Excerpts = maps.Clone(t.excerpts)
	}
	for kind, e := range t.failures {
		if f.Errors == nil {
			f.Errors = map[loadgen.ErrorKind]Error{}
		}
		f.Errors[kind] = Error{Count: e.count, Example: e.example}
	}
	return f
}

func (t *tally) phaseFigures() Phases {
	var q [7]Quantiles
	for i, h := range t.phases {
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
