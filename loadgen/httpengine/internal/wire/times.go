package wire

import "time"

// Times are the moments of one exchange, as offsets from a clock's start. Zero
// is a moment that has not come.
type Times struct {
	Begin              time.Duration
	DNS, DNSDone       time.Duration
	Connect, Connected time.Duration
	TLS, TLSDone       time.Duration
	Conn               time.Duration // a connection was had
	Wrote              time.Duration // the whole request was written
	First              time.Duration // first byte of the response
}
