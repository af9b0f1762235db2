package main

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// oddities are what a target may make an HTTP client, net/http's or our own, write to the standard logger, a
// line for each connection or frame, and some with the target's bytes. http.Transport has no
// setting for another logger. A load test may have thousands of such lines between its
// own, and what the target sends is not for the terminal. So they are counted.
var oddities = []struct {
	line string // a substring of it
	what string // what the target sent
}{
	{"Unsolicited response received on idle HTTP channel", "bytes that belong to no response"},
	{"http2: Transport received unsolicited DATA frame", "HTTP/2 data that belongs to no response"},
	{"protocol error: received ", "HTTP/2 frames out of turn"},
	{"Transport: unhandled response frame type", "HTTP/2 frames of an unknown type"},
}

// stdLog is the output of the standard logger, which writes a line at a time, without
// those of net/http's about targets.
type stdLog struct {
	io.Writer
	counts [4]atomic.Uint64 // of oddities
}

func (l *stdLog) Write(line []byte) (int, error) {
	for i := range oddities {
		if bytes.Contains(line, []byte(oddities[i].line)) {
			l.counts[i].Add(1)
			return len(line), nil
		}
	}
	if _, err := io.WriteString(l.Writer, plaintext.Lines(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}

// forget the lines so far, where their cause has been reported.
func (l *stdLog) forget() {
	for i := range l.counts {
		l.counts[i].Store(0)
	}
}

// report writes how many lines of each kind were held back.
func (l *stdLog) report() {
	for i := range oddities {
		if n := l.counts[i].Load(); n > 0 {
			fmt.Fprintf(l.Writer, "note: the target sent %s, %s\n", oddities[i].what, times(n))
		}
	}
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
