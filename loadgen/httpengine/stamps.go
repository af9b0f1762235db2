package httpengine

import (
	"crypto/tls"
	"net/http/httptrace"
	"net/netip"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// stamps are the moments of one hop of a request, as offsets from the run's
// clock; zero is a moment that has not come. The transport sets them from
// several goroutines, and may go on after the request has ended.
type stamps struct {
	clock time.Time

	mu        sync.Mutex // guards all below
	at        wire.Times
	tlsFailed bool
	attempted bool // a connection was had, or dialled for this request
	link
	guard
}

// link is the connection of a request.
type link struct {
	reused      bool
	dialed      int  // opened so far, over all hops
	written     bool // the transport said that the whole request was written
	cutShort    bool // or that it was not
	local, peer netip.AddrPort
}

func (s *stamps) now() time.Duration { return time.Since(s.clock) }

// once stamps a moment of which the first time counts.
func (s *stamps) once(at *time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *at == 0 {
		*at = s.now()
	}
}

// hooks is the trace through which the transport tells of the phases.
func (s *stamps) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:              func(string) { s.getConn() },
		DNSStart:             func(httptrace.DNSStartInfo) { s.dialling(&s.at.DNS) },
		DNSDone:              func(httptrace.DNSDoneInfo) { s.last(&s.at.DNSDone) },
		ConnectStart:         func(string, string) { s.dialling(&s.at.Connect) },
		ConnectDone:          s.connectDone,
		TLSHandshakeStart:    func() { s.once(&s.at.TLS) },
		TLSHandshakeDone:     s.handshakeDone,
		GotConn:              s.gotConn,
		WroteRequest:         s.wroteRequest,
		GotFirstResponseByte: func() { s.last(&s.at.First) },
	}
}

// last stamps a moment of which the last time counts.
func (s *stamps) last(at *time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*at = s.now()
}

// dialling stamps the beginning of a part of a dial.
func (s *stamps) dialling(at *time.Duration) {
	s.once(at)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempted = true
}

// getConn is called when the transport begins to look for a connection, also
// when it tries again after one that was dead: what went before is waiting for a
// connection.
func (s *stamps) getConn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.refuse() {
		s.forget()
	}
}

// forget what was seen of this hop but its beginning. The caller holds mu.
func (s *stamps) forget() {
	s.at = wire.Times{Begin: s.at.Begin}
	s.tlsFailed = false
	s.link = link{dialed: s.dialed}
	s.guard.leave()
}

func (s *stamps) connectDone(_, _ string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at.Connected = s.now()
	if err == nil {
		s.dialed++
	}
}

func (s *stamps) handshakeDone(_ tls.ConnectionState, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at.TLSDone, s.tlsFailed = s.now(), err != nil
}

// gotConn is called again when the transport replaces a connection that turned
// out to be dead: what was written to that one does not count.
func (s *stamps) gotConn(info httptrace.GotConnInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.enter(info.Conn) {
		return
	}
	s.attempted = true
	s.at.Conn, s.at.Wrote, s.at.First = s.now(), 0, 0
	s.reused = info.Reused
	s.local, s.peer = enginekit.AddrPort(info.Conn.LocalAddr()), enginekit.AddrPort(info.Conn.RemoteAddr())
}

func (s *stamps) wroteRequest(info httptrace.WroteRequestInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at.Wrote, s.written, s.cutShort = s.now(), info.Err == nil, info.Err != nil
}

// hop begins the next hop, and returns the phases of the one before.
func (s *stamps) hop() loadgen.Phases {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var p loadgen.Phases
	if s.at.Begin != 0 {
		p = phases(&s.at, s.reused, now)
	}
	s.at.Begin = now
	s.forget()
	return p
}

// end returns the phases of the last hop up to now, its connection, and whether
// its handshake failed.
func (s *stamps) end(now time.Duration) (loadgen.Phases, link, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return phases(&s.at, s.reused, now), s.link, s.tlsFailed
}

// phases splits the time from begin to end without a rest: where a moment has
// not come, the phase before it lasts until end. Of a connection that another
// request opened, only the waiting is this request's.
func phases(t *wire.Times, reused bool, end time.Duration) loadgen.Phases {
	var p loadgen.Phases
	conn := orEnd(t.Conn, end)
	if !reused {
		p.DNS = between(t.DNS, t.DNSDone, conn)
		p.Connect = between(t.Connect, t.Connected, conn)
		p.TLS = between(t.TLS, t.TLSDone, conn)
	}
	p.Conn = max(0, conn-t.Begin-p.DNS-p.Connect-p.TLS)
	if t.Conn == 0 {
		return p
	}
	first := orEnd(t.First, end)
	wrote := min(orEnd(t.Wrote, first), first) // a response may come before the request is written
	p.Write = wrote - conn
	p.Wait = first - wrote
	p.Read = end - first
	return p
}

func orEnd(at, end time.Duration) time.Duration {
	if at == 0 {
		return end
	}
	return min(at, end)
}

// between is the length of a phase within the time before end.
func between(from, to, end time.Duration) time.Duration {
	if from == 0 || from > end {
		return 0
	}
	return orEnd(to, end) - from
}
