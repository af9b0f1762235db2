package archive

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
)

// filler makes rows of records.
type filler struct {
	attacks []string // names
	began   time.Time
	zero    int64 // began in Unix nanoseconds

	urls  memo[*loadgen.Target, string]
	hosts memo[netip.Addr, string]
}

func newFiller(s *Start) *filler {
	f := &filler{began: s.Began, zero: s.Began.UnixNano()}
	for i := range s.Plan.Attacks {
		f.attacks = append(f.attacks, plaintext.Line(s.Plan.Attacks[i].Name))
	}
	return f
}

// memo remembers what was computed of a value. Over maxMemo values it begins anew.
type memo[K comparable, V any] struct{ known map[K]V }

const maxMemo = 4096

func (m *memo[K, V]) of(k K, compute func(K) V) V {
	if v, ok := m.known[k]; ok {
		return v
	}
	if m.known == nil || len(m.known) >= maxMemo {
		m.known = map[K]V{}
	}
	v := compute(k)
	m.known[k] = v
	return v
}

// fill makes the row of a record, which is empty before.
func (f *filler) fill(row *Request, rec *loadgen.Record) {
	row.AttackIndex, row.StageIndex, row.Seq = rec.Attack, rec.Stage, rec.Seq
	if rec.Attack < len(f.attacks) {
		row.Attack = f.attacks[rec.Attack]
	}
	row.Sampled, row.Open = !rec.Unsampled, rec.Open
	if rec.Outcome == loadgen.NotSent {
		row.Intended = f.clock(rec.Intended)
	} else {
		row.Sent, row.ServiceTime = f.clock(rec.Sent), rec.ServiceTime()
		if !rec.Intended.IsZero() { // else it is of a tool that does not tell
			row.Intended, row.ResponseTime = f.clock(rec.Intended), rec.ResponseTime()
		}
	}
	f.result(&row.Result, rec)
	f.wire(&row.Wire, rec)
	p := &rec.Phases
	row.Phases = Phases{Connection: p.Conn, DNS: p.DNS, Connect: p.Connect, TLS: p.TLS, Write: p.Write, Wait: p.Wait, Read: p.Read}
	if s := rec.Stream; s != nil {
		row.Stream = Stream{Streamed: true, MessagesSent: s.Sent, MessagesReceived: s.Received, FirstMessage: s.First, Gaps: s.Gaps, GapsCut: s.GapsCut}
	}
}

// clock is a time of the run's clock: when the run began by the system's clock, and from
// there on by the monotonic one. A step of the former does not bend what was measured.
func (f *filler) clock(t time.Time) int64 {
	if t.IsZero() {
		return f.zero
	}
	return f.zero + int64(t.Sub(f.began))
}

func (f *filler) result(to *Result, rec *loadgen.Record) {
	*to = Result{
		Outcome: rec.Outcome, ErrorType: errorType(rec), NotSentReason: rec.NotSent,
		Status: rec.Status, StatusName: rec.StatusName(),
	}
	if rec.ErrorText != "" {
		to.ErrorMessage = plaintext.Line(rec.ErrorText)
	}
	if rec.Excerpt != "" {
		to.Excerpt = plaintext.Line(rec.Excerpt)
	}
}

// errorType is the value of error.type: the kind of a failure, an HTTP status of 400 or
// more in digits, or the name of any gRPC code but OK; empty where there is no error.
func errorType(rec *loadgen.Record) string {
	switch {
	case rec.Outcome == loadgen.Failed:
		return string(rec.Error)
	case rec.Outcome == loadgen.NotSent || rec.OK():
		return ""
	}
	return rec.StatusName()
}

func (f *filler) wire(to *Wire, rec *loadgen.Record) {
	to.Redirects, to.Reused, to.Dialed, to.Resent = rec.Redirects, rec.Reused, rec.Dialed, rec.Resent
	to.BytesSent, to.BytesReceived = rec.BytesSent, rec.BytesReceived
	to.ProtocolVersion = protocolVersion(rec.Proto)
	to.LocalAddress, to.LocalPort = f.address(rec.Local)
	to.PeerAddress, to.PeerPort = f.address(rec.Peer)
	if t := rec.Target; t != nil {
		to.RPC, to.Method = t.RPC, plaintext.Line(t.Method)
		to.URL = f.urls.of(t, func(t *loadgen.Target) string { return plaintext.Line(loadgen.RedactURL(t.URL)) })
		to.ServerAddress, to.ServerPort = plaintext.Line(t.Host), t.Port
	}
}

func (f *filler) address(a netip.AddrPort) (string, int) {
	if !a.IsValid() {
		return "", 0
	}
	return f.hosts.of(a.Addr(), netip.Addr.String), int(a.Port())
}

// protocolVersion is the value of network.protocol.version for loadgen.Record.Proto.
func protocolVersion(proto uint8) string {
	switch proto {
	case 0:
		return ""
	case 20:
		return "2"
	}
	return strconv.Itoa(int(proto/10)) + "." + strconv.Itoa(int(proto%10))
}
