package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// traceparent is the header whose value each exchange sets anew.
const traceparent = "Traceparent"

// inline is the size of a request, in bytes, up to which it surely fits the send
// buffer of a connection that has nothing under way, so that writing it cannot
// wait for the target to read.
const inline = 8 << 10

// Request is a request made ready to be sent many times.
type Request struct {
	secure  bool
	address string // host:port
	name    string // host, for TLS
	message []byte // request line, headers and body
	head    int    // length of message before the body
	hole    int    // where in message the value of traceparent stands
	method  string
	close   bool // the connection is not to be used again

	pool atomic.Pointer[pool] // where it went last, to be found without a lock
}

// Prepare makes a request ready. It has no user information, no Expect header,
// and a body that can be read again if any.
func Prepare(r *http.Request) (*Request, error) {
	r = r.Clone(r.Context())
	r.Header.Set(traceparent, strings.Repeat("0", enginekit.TraceParentLen))
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		return nil, err
	}
	message := b.Bytes()
	head := bytes.Index(message, []byte("\r\n\r\n"))
	hole := bytes.Index(message, []byte("\r\n"+traceparent+": "))
	if head < 0 || hole < 0 || hole > head {
		return nil, errors.New("net/http wrote a request without the header " + traceparent)
	}
	return &Request{
		secure:  r.URL.Scheme == "https",
		address: address(r),
		name:    r.URL.Hostname(),
		message: message,
		head:    head + len("\r\n\r\n"),
		hole:    hole + len("\r\n"+traceparent+": "),
		method:  r.Method,
		close:   r.Close || hasClose(r.Header),
	}, nil
}

func address(r *http.Request) string {
	port := r.URL.Port()
	switch {
	case port != "":
	case r.URL.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(r.URL.Hostname(), port)
}

func hasClose(h http.Header) bool {
	for _, v := range h.Values("Connection") {
		for token := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "close") {
				return true
			}
		}
	}
	return false
}

// fill a buffer with the request of an exchange.
func (r *Request) fill(buffer []byte, x *Exchange) []byte {
	buffer = append(buffer[:0], r.message...)
	copy(buffer[r.hole:], x.Traceparent[:])
	return buffer
}

// writeLong sends the request without copying its body.
func (r *Request) writeLong(w io.Writer, x *Exchange) error {
	head := bytes.Clone(r.message[:r.head])
	copy(head[r.hole:], x.Traceparent[:])
	parts := net.Buffers{head, r.message[r.head:]}
	_, err := parts.WriteTo(w)
	return err
}

func (r *Request) long() bool { return len(r.message) > inline }
