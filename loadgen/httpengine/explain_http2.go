package httpengine

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/http2"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// failure is why a request failed, of a kind and in words.
type failure struct {
	kind loadgen.ErrorKind
	text string
}

func (f *failure) Error() string { return f.text }

// explainHTTP2 is why a request failed over HTTP/2, in the words of HTTP/1 where there are
// some. Most errors of net/http have neither a type nor a value of their own. end is how
// the target ended the connection, away the code of its GOAWAY, if it did.
func explainHTTP2(err, end error, away *uint32, begun bool) error {
	if stream, ok := errors.AsType[http2.StreamError](err); ok {
		return explainStream(&stream)
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "graceful shutdown GOAWAY"), strings.Contains(text, "client conn not usable"):
		if away != nil && *away != 0 {
			return goneAway(http2.ErrCode(*away).String(), "", begun)
		}
		return &failure{loadgen.ErrorClosed, "the target sent the request away with GOAWAY, over one connection after another"}
	case strings.Contains(text, "server sent GOAWAY and closed the connection"):
		_, code, _ := strings.Cut(text, "ErrCode=")
		code, debug, _ := strings.Cut(code, ", debug=")
		return goneAway(code, debug, begun)
	case strings.Contains(text, "Transport received GOAWAY from server ErrCode:"):
		_, code, _ := strings.Cut(text, "ErrCode:")
		return goneAway(code, "", begun)
	case strings.Contains(text, "client connection lost"):
		return &failure{loadgen.ErrorClosed, "the connection is dead: the target answered no ping within the timeout"}
	case err == io.ErrUnexpectedEOF && end == nil:
		return &wire.ProtocolError{What: "the body is shorter than its Content-Length"}
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "client connection force closed"):
		return broken(nil, begun)
	case strings.HasPrefix(text, "connection error: "): // what net/http says to the target
		return &wire.ProtocolError{What: "not HTTP/2 (" + strings.TrimPrefix(text, "connection error: ") + ")"}
	case strings.HasPrefix(text, "http2: "), strings.HasPrefix(text, "malformed"), strings.HasPrefix(text, "net/http: server"):
		return malformedHTTP2(text)
	}
	return err
}

// explainStream is the error of one stream: the target's, or what net/http found wrong.
func explainStream(s *http2.StreamError) error {
	switch {
	case s.Cause == nil:
		return &wire.ProtocolError{What: "not HTTP/2 (" + s.Code.String() + ")"}
	case s.Cause.Error() == "received from peer":
		return &failure{loadgen.ErrorReset, "the target reset the stream: " + s.Code.String()}
	}
	if own, ok := errors.AsType[*wire.ProtocolError](s.Cause); ok {
		return own
	}
	return malformedHTTP2(s.Cause.Error())
}

// malformedHTTP2 puts net/http's words for what is wrong with a response into ours.
func malformedHTTP2(text string) error {
	for _, lead := range []string{"http2: ", "malformed response from server: ", "net/http: "} {
		text = strings.TrimPrefix(text, lead)
	}
	return &wire.ProtocolError{What: text}
}

// goneAway says that the target gave up the connection, and what it had to say: a code,
// and a Go string of what else.
func goneAway(code, debug string, begun bool) error {
	where := "without a response"
	if begun {
		where = "within the response"
	}
	text := fmt.Sprintf("the target closed the connection %s: GOAWAY with %s", where, code)
	if message, err := strconv.Unquote(debug); err == nil && message != "" {
		text += fmt.Sprintf(", %.100q", message)
	}
	return &failure{loadgen.ErrorClosed, text}
}
