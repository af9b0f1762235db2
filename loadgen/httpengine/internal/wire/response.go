package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"

	"github.com/valyala/fasthttp"
)

// Bounds of a response's head.
const (
	maxHead    = 1 << 20 // bytes
	maxInterim = 16      // 1xx responses before the final one
)

// ErrBodyTooLong says that the body of a response was longer than MaxBody.
var ErrBodyTooLong = errors.New("response body is longer than max_body")

// ProtocolError says that what came was no valid HTTP/1.x response.
type ProtocolError struct{ What string }

func (e *ProtocolError) Error() string { return "malformed response: " + e.What }

// receive reads the response. keep tells that nothing of it forbids another
// exchange on this connection.
func (c *conn) receive(x *Exchange) (keep bool, err error) {
	if _, err := c.reader.Peek(1); err != nil {
		return false, closed(err, io.EOF)
	}
	x.First = c.client.now()
	if err := c.readHead(); err != nil {
		return false, err
	}
	x.Status, x.Proto = c.answer.StatusCode(), proto(c.answer.Protocol())
	if wanted := c.client.options.Excerpt; wanted != nil && wanted(x.Status) {
		x.Excerpt = c.excerpt(x)
	}
	received, err := c.readBody(x.Request.method)
	x.Received = received
	if err != nil {
		return false, closed(err, io.ErrUnexpectedEOF)
	}
	return c.reusable(x), nil
}

func (c *conn) reusable(x *Exchange) bool {
	return c.client.options.KeepAlive && !x.Request.close && !c.answer.ConnectionClose() &&
		x.Status != http.StatusSwitchingProtocols && c.reader.Buffered() == 0
}

// closed puts into words that the target closed the connection.
func closed(err, as error) error {
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case as == io.EOF:
		return fmt.Errorf("the target closed the connection without a response: %w", as)
	default:
		return fmt.Errorf("the target closed the connection within the response: %w", as)
	}
}

func proto(p []byte) uint8 {
	if string(p) == "HTTP/1.0" {
		return 10
	}
	return 11
}

// readHead reads heads until that of the final response.
func (c *conn) readHead() error {
	for range maxInterim {
		if err := c.parseHead(); err != nil {
			return err
		}
		s := c.answer.StatusCode()
		if s >= 200 || s == http.StatusSwitchingProtocols {
			return nil
		}
	}
	return &ProtocolError{fmt.Sprintf("more than %d interim responses", maxInterim)}
}

func (c *conn) parseHead() error {
	for {
		err := c.answer.Read(c.reader)
		if err == nil {
			return nil
		}
		if _, small := errors.AsType[*fasthttp.ErrSmallBuffer](err); !small {
			return c.headError(err)
		}
		if c.reader.Size() >= maxHead {
			return &ProtocolError{fmt.Sprintf("more than %d bytes of headers", maxHead)}
		}
		c.widen()
	}
}

// headError tells a connection that broke within a head from a head that is
// wrong: the codec gives both as errors of its own.
func (c *conn) headError(err error) error {
	if c.broken != nil {
		return closed(c.broken, io.ErrUnexpectedEOF)
	}
	return &ProtocolError{err.Error()}
}

// widen doubles the read buffer, keeping what is in it.
func (c *conn) widen() {
	b, _ := c.reader.Peek(c.reader.Buffered())
	c.reader = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(b)), c), 2*c.reader.Size())
}

// readBody discards the body, framed as RFC 9112, section 6.3, says.
func (c *conn) readBody(method string) (int64, error) {
	s, n := c.answer.StatusCode(), c.answer.ContentLength()
	switch {
	case method == http.MethodHead, s < 200, s == http.StatusNoContent, s == http.StatusNotModified:
		return 0, nil
	case n == -1:
		return c.readChunks()
	case n < 0:
		return c.discard(c.reader)
	}
	return c.readSized(int64(n))
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
		_, err = textproto.NewReader(c.reader).ReadMIMEHeader() // the trailer
	}
	if err != nil && err != ErrBodyTooLong && c.broken == nil {
		err = &ProtocolError{err.Error()}
	}
	return n, err
}
