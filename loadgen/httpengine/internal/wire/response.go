package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
)

// ErrBodyTooLong reports that the body of a response was longer than MaxBody.
var ErrBodyTooLong = errors.New("response body is longer than max_body")

// ProtocolError reports that what came was no valid HTTP/1.x response.
type ProtocolError struct{ What string }

func (e *ProtocolError) Error() string { return "malformed response: " + e.What }

// receive reads the response. keep tells that nothing of it forbids another
// exchange on this connection.
func (c *conn) receive(x *Exchange) (keep bool, err error) {
	if err := c.readHead(x); err != nil {
		return false, err
	}
	x.Status, x.Proto = c.head.status, c.head.proto
	if wanted := c.client.options.Excerpt; wanted != nil && wanted(x.Status) {
		x.Excerpt, x.Coding = c.excerpt(x), c.head.coding
	}
	received, err := c.readBody(x.Request.method)
	x.Received = received
	if err != nil {
		return false, Closed(err, io.ErrUnexpectedEOF)
	}
	return c.reusable(x), nil
}

func (c *conn) reusable(x *Exchange) bool {
	return c.client.options.KeepAlive && !x.Request.close && !c.head.last() &&
		x.Status != http.StatusSwitchingProtocols && c.reader.Buffered() == 0
}

// Closed puts into words that the target closed the connection.
func Closed(err, as error) error {
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case as == io.EOF:
		return fmt.Errorf("the target closed the connection without a response: %w", as)
	default:
		return fmt.Errorf("the target closed the connection within the response: %w", as)
	}
}

// readHead reads heads until that of the final response, and stamps when that began.
func (c *conn) readHead(x *Exchange) error {
	c.lines.left = MaxHead
	for {
		if _, err := c.reader.Peek(1); err != nil {
			return Closed(err, io.EOF)
		}
		x.First = c.client.now()
		if err := c.head.read(&c.lines); err != nil {
			return c.headError(err, MaxHead)
		}
		if !c.head.interim() {
			c.lines.shrink()
			return c.head.alien
		}
		x.First = 0
	}
}

// HeadTooLong reports that a head, with those of interim responses, or a trailer was longer
// than it may be.
func HeadTooLong(most int) error {
	return &ProtocolError{fmt.Sprintf("more than %d bytes of headers", most)}
}

// headError tells a connection that broke within lines from lines that are wrong.
func (c *conn) headError(err error, most int) error {
	switch {
	case err == errTooLong:
		return HeadTooLong(most)
	case is[*ProtocolError](err) || c.broken == nil:
		return err
	}
	return Closed(c.broken, io.ErrUnexpectedEOF)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// readBody discards the body, framed as RFC 9112, section 6.3, says.
func (c *conn) readBody(method string) (int64, error) {
	s := c.head.status
	switch {
	case method == http.MethodHead, s < 200, s == http.StatusNoContent, s == http.StatusNotModified:
		return 0, nil
	case c.head.chunked:
		return c.readChunks()
	case c.head.length < 0:
		c.head.closes = true
		return c.discard(c.reader)
	}
	return c.readSized(c.head.length)
}

func (c *conn) readSized(n int64) (int64, error) {
	limit := c.client.options.MaxBody
	done, err := c.reader.Discard(int(min(n, limit+1)))
	switch {
	case err != nil:
		return int64(done), err
	case n > limit:
		return int64(done), ErrBodyTooLong
	}
	return int64(done), nil
}

// discard reads to the end of r.
func (c *conn) discard(r io.Reader) (int64, error) {
	limit := c.client.options.MaxBody
	n, err := io.Copy(io.Discard, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		return n, ErrBodyTooLong
	}
	return n, err
}

func (c *conn) readChunks() (int64, error) {
	n, err := c.discard(httputil.NewChunkedReader(c.reader))
	if err == nil {
		return n, c.readTrailer()
	}
	if err != ErrBodyTooLong && c.broken == nil {
		err = &ProtocolError{err.Error()}
	}
	return n, err
}

func (c *conn) readTrailer() error {
	c.lines.left = MaxTrailer
	if err := c.lines.begin(); err != nil {
		return c.headError(err, MaxTrailer)
	}
	for {
		name, _, err := c.lines.field()
		if err != nil {
			return c.headError(err, MaxTrailer)
		}
		if name == nil {
			return nil
		}
	}
}
