package ledger

import "time"

// Part of a response time, in the order in which they happen.
type Part int

// The parts. Network is the wait for the first byte without the server's work:
// the way there and back, and queues on it.
const (
	ScheduleLag Part = iota
	Connection
	DNS
	Connect
	TLS
	Write
	Network
	Server
	Read
	Unexplained
	Parts // how many there are
)

var names = [Parts]string{
	"schedule_lag", "connection", "dns", "connect", "tls", "write", "network", "server", "read", "unexplained",
}

// String is the part's name in attributes.
func (p Part) String() string { return names[p] }

// Request is what is known of a request, zero where it is not.
type Request struct {
	Response time.Duration        // the total
	Lag      time.Duration        // sent − intended
	Phases   [Parts]time.Duration // Connection to Write, and Read
	Wait     time.Duration        // from the request written to the first byte
	// Server is how long servers worked on it; Answered tells 0 from unknown.
	Server   time.Duration
	Answered bool
}

// Ledger is a duration for each part. They sum to Request.Response.
type Ledger [Parts]time.Duration

// Of a request. Where the server was still busy when the first byte came, its
// work beyond the wait is taken from the read, and what is beyond that too, which
// the client never waited for, is in no part.
//
// Without phases, as in spans that other tools made, or without a server span, it
// cannot be told who took the rest: it is unexplained.
func Of(r Request) Ledger {
	l := Ledger(r.Phases)
	l[ScheduleLag] = r.Lag
	l[Network], l[Server], l[Unexplained] = 0, 0, 0
	switch {
	case !r.Answered: // the wait may be the network's or the server's
	case r.Wait > 0:
		l[Server] = min(r.Server, r.Wait+l[Read])
		l[Network] = max(0, r.Wait-r.Server)
		l[Read] -= max(0, l[Server]-r.Wait)
	default:
		l[Server] = min(r.Server, max(0, r.Response-l.sum()))
	}
	l[Unexplained] = r.Response - l.sum()
	return l
}

func (l *Ledger) sum() (d time.Duration) {
	for _, part := range l {
		d += part
	}
	return d
}
