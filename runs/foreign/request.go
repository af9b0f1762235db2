package foreign

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Request is what a file says of one request.
type Request struct {
	// Attack is the name that the tool was given for the attack, and empty if none.
	Attack string
	Seq    uint64 // the number of the request within its attack, from 0
	Sent   time.Time
	Took   time.Duration // from Sent to the end of the response, as the tool measured it
	Method string        // of gRPC package.Service/Method
	URL    string        // without user information
	RPC    bool          // whether Status is a gRPC code
	// Answered: a whole response came, and has a Status. Otherwise Error is the reason, as
	// far as the tool's words tell it, and ErrorText the words.
	Answered  bool
	Status    int
	Error     loadgen.ErrorKind
	ErrorText string

	BytesSent, BytesReceived int64
}

// Bounds of the texts of a Request, in bytes. Longer ones are cut.
const (
	maxName = 256
	maxURL  = 8 << 10
)

// first and last bound the times that count as such: the nanoseconds since 1970 that 64
// bits hold, on the positive side.
var (
	first = time.Unix(0, 0)
	last  = time.Unix(0, 1<<63-1)
)

// check reports what no request can have, and bounds the texts.
func (r *Request) check() error {
	switch {
	case r.Sent.Before(first) || r.Sent.After(last):
		return fmt.Errorf("its timestamp %s is not between 1970 and 2262", r.Sent.UTC().Format(time.RFC3339))
	case r.Took < 0:
		return fmt.Errorf("its latency of %s is negative", r.Took)
	case r.Sent.Add(r.Took).After(last):
		return fmt.Errorf("its latency of %s is too long", r.Took)
	case r.BytesSent < 0 || r.BytesReceived < 0:
		return errors.New("its number of bytes is too large")
	}
	r.Attack, r.Method = cut(r.Attack, maxName), cut(r.Method, maxName)
	r.URL = cut(loadgen.RedactURL(r.URL), maxURL)
	r.ErrorText = cut(r.ErrorText, loadgen.MaxErrorText)
	return nil
}

// cut is at most so many bytes of a text, in valid UTF-8.
func cut(text string, most int) string {
	if len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
