package archive

import "time"

// Line is a row of logs.parquet: a line of a target's log. Rows are in the order in which
// they came.
type Line struct {
	Time int64 // Unix nanoseconds, by the clock of the target
	// AttackIndex and Seq say which request of the run wrote the line, if Request.
	Request     bool
	AttackIndex int
	Seq         uint64
	TraceID     string // hexadecimal; empty if unknown
	SpanID      string // hexadecimal; empty if unknown
	Service     string
	Severity    string // in upper case; empty if unknown
	Body        string
	BodyCut     bool // the body was longer
}

// At is the time of the line.
func (l *Line) At() time.Time { return time.Unix(0, l.Time) }
