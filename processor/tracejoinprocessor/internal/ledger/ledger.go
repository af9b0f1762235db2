package ledger

import "time"

// Component is one of the durations that a response time consists of, in the order in
// which they happen.
type Component int

// The components. Network is the wait for the first byte without the server's work:
// the way there and back, and queues on it.
const (
	ScheduleLag Component = iota
	Connection
	DNS
	Connect
	TLS
	Write
	Network
	Server
	Read
	Unexplained
	Components // how many there are
)

var names = [Components]string{
	"schedule_lag", "connection", "dns", "connect", "tls", "write", "network", "server", "read", "unexplained",
}

// String returns the component's name in attributes.
func (c Component) String() string { return names[c] }

// Request is what is known of a request, zero where it is not.
type Request struct {
	Response time.Duration             // the total
	Lag      time.Duration             // sent − intended
	Phases   [Components]time.Duration // Connection to Write, and Read
	Wait     time.Duration             // from the request written to the first byte
	// Server is how long servers worked on it; Answered distinguishes 0 from unknown.
	Server   time.Duration
	Answered bool
}

// Ledger holds a duration for each component. They sum to Request.Response.
type Ledger [Components]time.Duration

// Of a request. Where the server was still busy when the first byte came, its
// work beyond the wait is taken from the read, and what is beyond that too, which
// the client never waited for, is in no component.
//
// Without phases, as in spans that other tools made, or without a server span, it
// is unknown who took the rest: it is unexplained.
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
	for _, component := range l {
		d += component
	}
	return d
}
