package logsource

import "sync/atomic"

// Counts is what happened since the source was made.
type Counts struct {
	Requests  uint64 // to Loki, repeated ones included
	Retries   uint64 // of these, repeated ones
	Lines     uint64 // handed on
	BadLines  uint64 // found, but without a time or a valid trace id
	CutBodies uint64 // lines handed on whose text was cut
	FullPages uint64 // of one trace and instant, beyond which lines may be missing
	Bytes     uint64 // of responses, after decompression
}

type counts struct {
	requests, retries, lines, bad, cut, lost atomic.Uint64
	bytes                                    atomic.Int64
}

func (c *counts) snapshot() Counts {
	return Counts{
		Requests: c.requests.Load(), Retries: c.retries.Load(), Lines: c.lines.Load(), BadLines: c.bad.Load(),
		CutBodies: c.cut.Load(), FullPages: c.lost.Load(), Bytes: uint64(c.bytes.Load()),
	}
}
