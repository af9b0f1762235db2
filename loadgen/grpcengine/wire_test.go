package grpcengine

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
)

// response is what a target sends, and what it must be taken for.
type response struct {
	answer func(c *rawConn, stream uint32)
	status codes.Code        // if finished
	kind   loadgen.ErrorKind // if failed
	resent int
	short  bool // the call has but a short time
}

// statuses are such as gRPC makes up itself. A proxy may send each of them.
var statuses = []struct {
	code codes.Code
	text string
}{
	{codes.Internal, "malformed request"},
	{codes.Internal, "unexpected EOF"},
	{codes.Internal, "transport: the stream is done or WriteHeader was already called"},
	{codes.Internal, "grpc: failed to unmarshal the received message"},
	{codes.Internal, "stream terminated by RST_STREAM with error code: PROTOCOL_ERROR"},
	{codes.Internal, "server closed the stream without sending trailers"},
	{codes.Canceled, "context canceled"},
	{codes.Canceled, "grpc: the client connection is closing"},
	{codes.DeadlineExceeded, "context deadline exceeded"},
	{codes.Unavailable, `connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`},
	{codes.Unavailable, "transport is closing"},
	{codes.Unavailable, "keepalive ping failed to receive ACK within timeout"},
	{codes.Unavailable, "error reading from server: EOF"},
	{codes.Unavailable, "dial tcp: lookup x: no such host"},
	{codes.Unavailable, "x509: certificate signed by unknown authority"},
	{codes.Unavailable, ""},
	{codes.Unknown, "unexpected HTTP status code received from server: 502 (Bad Gateway); malformed header: missing HTTP content-type"},
	{codes.Unknown, ""},
	{codes.ResourceExhausted, fmt.Sprintf("grpc: received message larger than max (%d vs. %d)", maxMessage+1, maxMessage)},
	{codes.Unimplemented, `grpc: Decompressor is not installed for grpc-encoding "snappy"`},
	{codes.Unauthenticated, "no token"},
	{codes.PermissionDenied, "100% not yours, ümlaut"},
	{codes.Code(99), "a code that gRPC does not define"},
}

// percent encodes a text as grpc-message wants it.
func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// responses of all kinds, by name.
func responses() map[string]response {
	all := map[string]response{}
	for _, some := range []map[string]response{statusResponses(), pageResponses(), oddHeads, oddMessages, oddConnections} {
		maps.Copy(all, some)
	}
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required; code++ {
		if code != http2.ErrCodeRefusedStream {
			all["reset "+code.String()] = response{kind: loadgen.ErrorReset, answer: func(c *rawConn, n uint32) { c.reset(n, code) }}
		}
	}
	return all
}

// statusResponses are gRPC's own texts and others, each in trailers and alone.
func statusResponses() map[string]response {
	all := map[string]response{}
	for _, s := range statuses {
		name, code := s.code.String()+" "+s.text, fmt.Sprint(uint32(s.code))
		all["trailers: "+name] = response{status: s.code, answer: func(c *rawConn, n uint32) {
			c.begin(n)
			c.message(n)
			c.status(n, code, percent(s.text))
		}}
		all["trailers only: "+name] = response{status: s.code, answer: func(c *rawConn, n uint32) {
			c.headers(n, true, ":status", "200", "content-type", "application/grpc", "grpc-status", code, "grpc-message", percent(s.text))
		}}
	}
	return all
}

// pageResponses are responses of what does not speak gRPC, such as a proxy.
func pageResponses() map[string]response {
	all := map[string]response{}
	for _, status := range []string{"401", "403", "404", "429", "500", "502", "503", "504", "200", "302"} {
		all["page "+status] = response{kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
			c.headers(n, false, ":status", status, "content-type", "text/html")
			c.data(n, true, []byte("<html>no</html>"))
		}}
		all["page without a body "+status] = response{kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
			c.headers(n, true, ":status", status)
		}}
		all["gRPC without grpc-status "+status] = response{kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
			c.headers(n, true, ":status", status, "content-type", "application/grpc")
		}}
	}
	return all
}

// oddHeads are responses with something odd about their headers or trailers.
var oddHeads = map[string]response{
	"OK": {answer: func(c *rawConn, n uint32) { c.ok(n) }},
	"a status with details": {status: codes.Aborted, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.headers(n, true, "grpc-status", "10", "grpc-message", "short", "grpc-status-details-bin", detailed())
	}},
	"trailers without grpc-status": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.message(n)
		c.headers(n, true, "x-other", "1")
	}},
	"grpc-status that is not a number": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.status(n, "fine", "")
	}},
	"another content-type": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.headers(n, false, ":status", "200", "content-type", "application/json")
		c.data(n, false, []byte("{}"))
		c.status(n, "0", "")
	}},
	"a header in the midst": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.begin(n)
	}},
	"an interim response before": {answer: func(c *rawConn, n uint32) {
		c.headers(n, false, ":status", "103", "link", "</x>")
		c.ok(n)
	}},
	"an interim response as the end": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) { c.headers(n, true, ":status", "103") }},
	"a header in pieces": {status: codes.NotFound, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.inPieces(n, "grpc-status", "5", "grpc-message", "in three frames")
	}},
	"grpc-status 00":           {answer: func(c *rawConn, n uint32) { c.begin(n); c.message(n); c.status(n, "00", "") }},
	"grpc-status +5":           {status: codes.NotFound, answer: func(c *rawConn, n uint32) { c.begin(n); c.status(n, "+5", "") }},
	"grpc-status beyond":       {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) { c.begin(n); c.status(n, "99999999999", "") }},
	"grpc-status of nothing":   {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) { c.begin(n); c.status(n, "", "") }},
	"a name in capitals":       {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) { c.begin(n); c.headers(n, true, "Grpc-Status", "0") }},
	"a stream that ends twice": {answer: func(c *rawConn, n uint32) { c.ok(n); c.status(n, "13", "again") }},
}

// detailed is a status whose details have a text of their own, as grpc-status-details-bin.
func detailed() string {
	details, err := proto.Marshal(&spb.Status{Code: int32(codes.Aborted), Message: "the details' own text"})
	if err != nil {
		panic(err)
	}
	return base64.RawStdEncoding.EncodeToString(details)
}

// oddMessages are responses with something odd about their messages.
var oddMessages = map[string]response{
	"no trailers": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, true, make([]byte, 5))
	}},
	"a message cut off by its end": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte{0, 0, 0, 0, 9, 'x'})
		c.status(n, "0", "")
	}},
	"a message cut off by the connection": {kind: loadgen.ErrorClosed, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte{0, 0, 0, 0, 9, 'x'})
		c.hangUp()
	}},
	"a message that is compressed though it is not": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte{1, 0, 0, 0, 1, 'x'})
		c.status(n, "0", "")
	}},
	"a message too large for us": {kind: loadgen.ErrorBodyTooBig, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte{0, 0xff, 0, 0, 0, 'x'})
		c.status(n, "0", "")
	}},
	"a message that is none": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte("\x00\x00\x00\x00\x04junk"))
		c.status(n, "0", "")
	}},
	"a message that is none, and then a status": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte("\x00\x00\x00\x00\x03\x0a\x01\xff"))
		c.status(n, "5", "not found")
	}},
	"a message of unknown fields": {answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte("\x00\x00\x00\x00\x03\x7a\x01\xff"))
		c.status(n, "0", "")
	}},
	"a message in two frames": {answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte("\x00\x00\x00\x00\x03\x0a"))
		c.data(n, false, []byte("\x01x"))
		c.status(n, "0", "")
	}},
	"a message that is none in two frames": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.data(n, false, []byte("\x00\x00\x00\x00\x03\x0a"))
		c.data(n, false, []byte("\x01\xff"))
		c.status(n, "0", "")
	}},
	"padding": {answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.locked(func() { _ = c.framer.WriteDataPadded(n, false, make([]byte, 5), make([]byte, 200)) })
		c.status(n, "0", "")
	}},
	"empty data, a thousand times": {answer: func(c *rawConn, n uint32) {
		c.begin(n)
		for range 1000 {
			c.data(n, false, nil)
		}
		c.message(n)
		c.status(n, "0", "")
	}},
	"a message byte by byte": {answer: func(c *rawConn, n uint32) {
		c.begin(n)
		for _, b := range []byte("\x00\x00\x00\x00\x03\x0a\x01x") {
			c.data(n, false, []byte{b})
		}
		c.status(n, "0", "")
	}},
	"gzip": {answer: func(c *rawConn, n uint32) {
		c.headers(n, false, ":status", "200", "content-type", "application/grpc", "grpc-encoding", "gzip")
		c.data(n, false, zipped("\x0a\x01x"))
		c.status(n, "0", "")
	}},
	"gzip of what is no message": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.headers(n, false, ":status", "200", "content-type", "application/grpc", "grpc-encoding", "gzip")
		c.data(n, false, zipped("junk"))
		c.status(n, "0", "")
	}},
	"gzip that is none": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, n uint32) {
		c.headers(n, false, ":status", "200", "content-type", "application/grpc", "grpc-encoding", "gzip")
		c.data(n, false, []byte("\x01\x00\x00\x00\x03abc"))
		c.status(n, "0", "")
	}},
}

// oddConnections are responses that something happens to on their way.
var oddConnections = map[string]response{
	"a frame of an unknown kind": {answer: func(c *rawConn, n uint32) {
		c.locked(func() { _ = c.framer.WriteRawFrame(0x42, 0xff, n, []byte("what is it")) })
		c.ok(n)
	}},
	"headers of a stream that nobody opened": {answer: func(c *rawConn, n uint32) {
		c.headers(n+100, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "0")
		c.ok(n)
	}},
	"OK, and reset": {answer: func(c *rawConn, n uint32) { c.ok(n); c.reset(n, http2.ErrCodeNo) }},
	"no frame at all": {kind: loadgen.ErrorProtocol, answer: func(c *rawConn, _ uint32) {
		_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + strings.Repeat("x", 1<<15)))
	}},
	"closed": {kind: loadgen.ErrorClosed, answer: func(c *rawConn, _ uint32) { c.hangUp() }},
	"GOAWAY, and the stream goes on": {answer: func(c *rawConn, n uint32) {
		c.goAway(n, http2.ErrCodeNo)
		c.ok(n)
	}},
	"GOAWAY, and closed": {kind: loadgen.ErrorClosed, answer: func(c *rawConn, n uint32) {
		c.goAway(n, http2.ErrCodeEnhanceYourCalm)
		c.hangUp()
	}},
	"GOAWAY before the stream, once": {resent: 1, answer: func(c *rawConn, n uint32) {
		if c.calls == 1 {
			c.goAway(0, http2.ErrCodeNo)
			return
		}
		c.ok(n)
	}},
	"GOAWAY before the stream, always": {resent: 1, kind: loadgen.ErrorClosed, answer: func(c *rawConn, _ uint32) {
		c.goAway(0, http2.ErrCodeNo)
	}},
	"refused once": {resent: 1, answer: func(c *rawConn, n uint32) {
		if c.calls == 1 {
			c.reset(n, http2.ErrCodeRefusedStream)
			return
		}
		c.ok(n)
	}},
	"refused always": {resent: 1, kind: loadgen.ErrorReset, answer: func(c *rawConn, n uint32) {
		c.reset(n, http2.ErrCodeRefusedStream)
	}},
	"reset after a message": {kind: loadgen.ErrorReset, answer: func(c *rawConn, n uint32) {
		c.begin(n)
		c.message(n)
		c.reset(n, http2.ErrCodeInternal)
	}},
	"the target's deadline":    {status: codes.DeadlineExceeded, answer: func(c *rawConn, n uint32) { c.begin(n); c.status(n, "4", "context deadline exceeded") }},
	"our deadline":             {short: true, kind: loadgen.ErrorTimeout, answer: func(*rawConn, uint32) {}},
	"our deadline, begun":      {short: true, kind: loadgen.ErrorTimeout, answer: func(c *rawConn, n uint32) { c.begin(n) }},
	"our deadline, a message":  {short: true, kind: loadgen.ErrorTimeout, answer: func(c *rawConn, n uint32) { c.begin(n); c.message(n) }},
	"our deadline, and a page": {short: true, kind: loadgen.ErrorTimeout, answer: func(c *rawConn, n uint32) { c.headers(n, false, ":status", "502") }},
}

// Whether the target answered is what came on the wire, never what a text says: b4b6144
// took a status for gRPC's own if its text was one that gRPC uses, and a page of a proxy
// for a status of the target.
func TestWhatCameOnTheWireDecides(t *testing.T) {
	t.Parallel() // it waits for deadlines
	for name, want := range responses() {
		for _, method := range []string{"Unary", "Client", "Server", "Both"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				r := startRaw(t, nil, want.answer)
				a := r.attack(t, method)
				a.Load = oneByOne(1)
				run := func() []loadgen.Record {
					return loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records
				}
				var got loadgen.Record
				if want.short {
					got = untilSent(t, a, 50*time.Millisecond, run)[0]
				} else {
					got = run()[0]
				}
				if want.kind == "" {
					require.Equal(t, loadgen.Finished, got.Outcome, "%s: %s", got.Error, got.ErrorText)
					assert.Equal(t, want.status, codes.Code(got.Status))
				} else {
					require.Equal(t, loadgen.Failed, got.Outcome, "with the status %d", got.Status)
					assert.Equal(t, want.kind, got.Error, got.ErrorText)
				}
				assert.Equal(t, want.resent, got.Resent)
				if !want.short {
					assert.Equal(t, r.arrived(), 1+got.Resent, "each arrival at the target is counted")
				}
				assert.Equal(t, got.ServiceTime(), got.Phases.Sum())
			})
		}
	}
}

func TestAMessageThatIsTooLargeOnceItIsDecompressedFails(t *testing.T) {
	r := startRaw(t, nil, func(c *rawConn, n uint32) {
		c.headers(n, false, ":status", "200", "content-type", "application/grpc", "grpc-encoding", "gzip")
		for part := range slices.Chunk(zipped(strings.Repeat("\x00", maxMessage+1)), 1<<14) {
			c.data(n, false, part)
		}
		c.status(n, "0", "")
	})
	a := r.attack(t, "Unary")
	a.GRPC.Timeout, a.Load = time.Minute, oneByOne(1)
	failsAs(t, loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records, loadgen.ErrorBodyTooBig, codes.ResourceExhausted)
}
