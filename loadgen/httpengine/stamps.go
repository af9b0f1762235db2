package httpengine

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

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
