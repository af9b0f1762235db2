package main

import (
	"bytes"
	"io"
)

// unsolicited is how net/http begins a line about bytes of a target that belong to no
// response. It writes one per such connection to the standard logger, with the bytes,
// and http.Transport has no setting for another. A load test may have thousands of
// them between its own lines, and what the target sends is not for the terminal.
const unsolicited = "Unsolicited response received on idle HTTP channel"

// stdLog is the output of the standard logger, which writes a line at a time, without
// those of net/http's.
type stdLog struct{ io.Writer }

func (l stdLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(unsolicited)) {
		return len(line), nil
	}
	return l.Writer.Write(line)
}
