package httpengine

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Failures over HTTP/2 were once in the words of net/http, "http2: server sent GOAWAY
// and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\"\"", with another
// text for each stream.
func TestFailuresOverHTTP2AreInPlainWords(t *testing.T) {
	for _, c := range failuresOverHTTP2 {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Protocol, a.HTTP.Timeout = loadgen.ProtocolH2C, time.Second
			inABubble(t, a, false, &bubbled{h2c: c.answer}, func(t *testing.T, rig *rig) {
				for range 2 {
					r := rig.send(0)
					assert.Equal(t, c.kind, r.Error)
					assert.Equal(t, c.text, r.ErrorText)
					assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
				}
			})
		})
	}
}

func (c *byHand) goAway(last uint32, code http2.ErrCode, debug string) {
	c.write(func(f *http2.Framer) error { return f.WriteGoAway(last, code, []byte(debug)) })
}

func (c *byHand) reset(stream uint32, code http2.ErrCode) {
	c.write(func(f *http2.Framer) error { return f.WriteRSTStream(stream, code) })
}

func (c *byHand) fields(stream uint32, fields ...string) {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	c.write(func(f *http2.Framer) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true})
	})
}

var failuresOverHTTP2 = []struct {
	name   string
	answer func(c *byHand, stream uint32)
	kind   loadgen.ErrorKind
	text   string
}{
	{"closes", func(c *byHand, _ uint32) { c.Close() }, loadgen.ErrorClosed,
		"the target closed the connection without a response: EOF"},
	{"closes after an interim response", func(c *byHand, s uint32) { c.head(s, "103", false); c.Close() }, loadgen.ErrorClosed,
		"the target closed the connection without a response: EOF"},
	{"closes within the body", func(c *byHand, s uint32) { c.head(s, "200", false); c.data(s, "o", false); c.Close() }, loadgen.ErrorClosed,
		"the target closed the connection within the response: unexpected EOF"},
	{"says farewell and closes", func(c *byHand, s uint32) { c.goAway(s, 0, ""); c.Close() }, loadgen.ErrorClosed,
		"the target closed the connection without a response: GOAWAY with NO_ERROR"},
	{"says why, within the body", func(c *byHand, s uint32) {
		c.head(s, "200", false)
		c.goAway(s, http2.ErrCodeEnhanceYourCalm, "too_many_pings\x1b")
		c.Close()
	}, loadgen.ErrorClosed, `the target closed the connection within the response: GOAWAY with ENHANCE_YOUR_CALM, "too_many_pings\x1b"`},
	{"turns away the first request", func(c *byHand, _ uint32) { c.goAway(0, http2.ErrCodeInadequateSecurity, "") }, loadgen.ErrorClosed,
		"the target closed the connection without a response: GOAWAY with INADEQUATE_SECURITY"},
	{"sends each request away", func(c *byHand, _ uint32) { c.goAway(0, http2.ErrCodeNo, "") }, loadgen.ErrorClosed,
		"the target sent the request away with GOAWAY, over one connection after another"},
	{"refuses", func(c *byHand, s uint32) { c.reset(s, http2.ErrCodeRefusedStream) }, loadgen.ErrorReset,
		"the target reset the stream: REFUSED_STREAM"},
	{"resets within the body", func(c *byHand, s uint32) { c.head(s, "200", false); c.reset(s, http2.ErrCodeInternal) }, loadgen.ErrorReset,
		"the target reset the stream: INTERNAL_ERROR"},
	{"resets with a code of its own", func(c *byHand, s uint32) { c.reset(s, 0x4711) }, loadgen.ErrorReset,
		"the target reset the stream: unknown error code 0x4711"},
	{"sends no status", func(c *byHand, s uint32) { c.fields(s, "server", "x") }, loadgen.ErrorProtocol,
		"malformed response: missing status pseudo header"},
	{"sends a status that is not a number", func(c *byHand, s uint32) { c.fields(s, ":status", "ok") }, loadgen.ErrorProtocol,
		"malformed response: malformed non-numeric status pseudo header"},
	{"sends a status below 100", func(c *byHand, s uint32) { c.fields(s, ":status", "099") }, loadgen.ErrorProtocol,
		`malformed response: status "099"`},
	{"sends a status below 0", func(c *byHand, s uint32) { c.fields(s, ":status", "-20") }, loadgen.ErrorProtocol,
		`malformed response: status "-20"`},
	{"sends a status with a sign", func(c *byHand, s uint32) { c.fields(s, ":status", "+200") }, loadgen.ErrorProtocol,
		`malformed response: status "+200"`},
	{"sends a status of one digit", func(c *byHand, s uint32) { c.fields(s, ":status", "7") }, loadgen.ErrorProtocol,
		`malformed response: status "7"`},
	{"sends a status of four digits", func(c *byHand, s uint32) { c.fields(s, ":status", "2000") }, loadgen.ErrorProtocol,
		`malformed response: status "2000"`},
	{"sends a field in capitals", func(c *byHand, s uint32) { c.fields(s, ":status", "200", "Server", "x") }, loadgen.ErrorProtocol,
		`malformed response: invalid header field name "Server"`},
	{"sends data first", func(c *byHand, s uint32) { c.data(s, "o", false) }, loadgen.ErrorProtocol,
		"malformed response: not HTTP/2 (PROTOCOL_ERROR)"},
	{"ends with an interim response", func(c *byHand, s uint32) { c.head(s, "103", true) }, loadgen.ErrorProtocol,
		"malformed response: 1xx informational response with END_STREAM flag"},
	{"sends data on a stream that is not there", func(c *byHand, s uint32) { c.data(s+100, "o", false) }, loadgen.ErrorProtocol,
		"malformed response: not HTTP/2 (PROTOCOL_ERROR)"},
	{"sends more than it said", func(c *byHand, s uint32) {
		c.fields(s, ":status", "200", "content-length", "1")
		c.data(s, "ok", true)
	}, loadgen.ErrorProtocol, "malformed response: server replied with more than declared Content-Length; truncated"},
	{"sends less than it said", func(c *byHand, s uint32) {
		c.fields(s, ":status", "200", "content-length", "3")
		c.data(s, "ok", true)
	}, loadgen.ErrorProtocol, "malformed response: the body is shorter than its Content-Length"},
	{"is silent", func(*byHand, uint32) { time.Sleep(2 * time.Second) }, loadgen.ErrorTimeout, "context deadline exceeded"},
}
