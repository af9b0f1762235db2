package httpengine

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// response is what a target sends for each of three requests, and what is right to
// make of it.
type response struct {
	name   string
	method string // GET if empty
	says   string
	ends   bool // and then it closes the connection

	kind   loadgen.ErrorKind // none if the request finished
	status int               // 200 if it finished and nothing else is said
	proto  uint8             // 11 likewise
	body   int64             // bytes received
	conns  int64             // connections of the three requests
}

const ok = "HTTP/1.1 200 OK\r\n"

// responses are in the order of RFC 9112: the status line, fields, the body, its
// end, and connections.
var responses = []response{
	{name: "a length", says: ok + "Content-Length: 5\r\n\r\nhello", body: 5, conns: 1},

	{name: "no reason phrase", says: "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "no space for a reason phrase", says: "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "two spaces before the status", says: "HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "a reason of any bytes", says: "HTTP/1.1 200 \xff\x01 O:K\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "HTTP/1.0", says: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", proto: 10, body: 5, conns: 3},
	{name: "a later minor version", says: "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "another major version", says: "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "HTTP/0.9 in an HTTP/1.1 line", says: "HTTP/0.9 200 OK\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "HTTP in lower case", says: "http/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "no HTTP", says: "SSH-2.0-OpenSSH\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "an empty line first", says: "\r\n" + ok + "Content-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a status that is not a number", says: "HTTP/1.1 abc OK\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a status of two digits", says: "HTTP/1.1 20 OK\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a status of four digits", says: "HTTP/1.1 2000 OK\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a status with a sign", says: "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "status 000", says: "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "status 099", says: "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "status 999", says: "HTTP/1.1 999 Request Denied\r\nContent-Length: 5\r\n\r\nhello", status: 999, body: 5, conns: 1},

	{name: "lines that end with LF", says: "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", body: 5, conns: 1},
	{name: "lines that end either way", says: "HTTP/1.1 200 OK\nContent-Length: 5\r\n\nhello", body: 5, conns: 1},
	{name: "a CR within a field", says: ok + "X-A: a\rb\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "two CRs before LF", says: ok + "Content-Length: 5\r\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a NUL within a field", says: ok + "X-A: a\x00b\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "bytes beyond ASCII", says: ok + "X-A: gr\xfc\xdf\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "odd spelling and space", says: ok + "cOnTent-LENGTH:\t 5 \t\r\nServer:\r\n\r\nhello", body: 5, conns: 1},
	{name: "a folded field", says: ok + "X-A: a\r\n b\r\n\tc\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "a folded length", says: ok + "Content-Length:\r\n 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "a fold of nothing", says: ok + "X-A: a\r\n \r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "space before the first field", says: ok + " X-A: a\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "space before a colon", says: ok + "X-A : a\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "space before the colon of a length", says: ok + "Content-Length : 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "space before the colon of a coding", says: ok + "transfer-encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "space before the colon of an option", says: ok + "Connection : close\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a field without a colon", says: ok + "nonsense\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a field without a name", says: ok + ": a\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a field whose name is none", says: ok + "X(A): a\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "60 kB of fields", says: ok + strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 60) + "Content-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "a field of 60 kB", says: ok + "X-Long: " + strings.Repeat("x", 60_000) + "\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "a head as long as one may be", says: padded(wire.MaxHead), body: 5, conns: 1},
	{name: "a head a byte longer", says: padded(wire.MaxHead + 1), kind: loadgen.ErrorProtocol, conns: 3},

	{name: "two interim responses", says: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "a hundred interim responses", says: strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100) + ok + "Content-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "more interim responses than a head may be long", says: strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", wire.MaxHead/27+1) + ok + "Content-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "an interim response that says close", says: "HTTP/1.1 102 Processing\r\nConnection: close\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "an interim response with a length", says: "HTTP/1.1 102 Processing\r\nContent-Length: 3\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "an interim response and no more", says: "HTTP/1.1 103 Early Hints\r\n\r\n", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "a switch of protocols", says: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello", status: 101, conns: 3},
	{name: "a switch of protocols to none", says: "HTTP/1.1 101 Switching Protocols\r\n\r\n", status: 101, conns: 3},

	{name: "an empty body", says: ok + "Content-Length: 0\r\n\r\n", conns: 1},
	{name: "a length with zeros", says: ok + "Content-Length: 0005\r\n\r\nhello", body: 5, conns: 1},
	{name: "a length that is not a number", says: ok + "Content-Length: five\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a negative length", says: ok + "Content-Length: -5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a length with a sign", says: ok + "Content-Length: +5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a length of nothing", says: ok + "Content-Length:\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a length beyond 63 bits", says: ok + "Content-Length: 9223372036854775808\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a list of lengths", says: ok + "Content-Length: 5, 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "the same length twice", says: ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "two lengths", says: ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "two lengths beside chunks", says: ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a length beside chunks", says: ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", body: 5, conns: 1},
	{name: "HEAD", method: "HEAD", says: ok + "Content-Length: 1000\r\n\r\n", conns: 1},
	{name: "HEAD without a length", method: "HEAD", says: ok + "\r\n", conns: 1},
	{name: "HEAD of HTTP/1.0 without a length", method: "HEAD", says: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", proto: 10, conns: 1},
	{name: "HEAD of chunks", method: "HEAD", says: ok + "Transfer-Encoding: chunked\r\n\r\n", conns: 1},
	{name: "HEAD with a wrong length", method: "HEAD", says: ok + "Content-Length: five\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "no content", says: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, conns: 1},
	{name: "no content, with a length", says: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status: 204, conns: 1},
	{name: "no content, in chunks", says: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", status: 204, conns: 1},
	{name: "not modified, with a length", says: "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n", status: 304, conns: 1},
	{name: "chunks", says: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", body: 5, conns: 1},
	{name: "chunks in odd spelling", says: ok + "transfer-encoding:\tCHUNKED \r\n\r\n005\r\nhello\r\n000\r\n\r\n", body: 5, conns: 1},
	{name: "chunks with extensions and a trailer", says: ok + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", body: 5, conns: 1},
	{name: "no chunk at all", says: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", conns: 1},
	{name: "chunked twice", says: ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a coding nobody asked for", says: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "the coding of nothing", says: ok + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a coding in HTTP/1.0, which has none", says: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", proto: 10, body: 5, conns: 3},
	{name: "a chunk without a size", says: ok + "Transfer-Encoding: chunked\r\n\r\nhello\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a chunk longer than its size", says: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, body: 3, conns: 3},
	{name: "a chunk line that ends with LF", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a chunk line of 5 kB", says: ok + "Transfer-Encoding: chunked\r\n\r\n5;" + strings.Repeat("x", 5000) + "\r\nhello\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a chunk of 2^64 bytes", says: ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\nhello", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a trailer as long as one may be", says: trailing(wire.MaxTrailer), body: 5, conns: 1},
	{name: "a trailer a byte longer", says: trailing(wire.MaxTrailer + 1), kind: loadgen.ErrorProtocol, body: 5, conns: 3},
	{name: "a trailer that is none", says: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a trailer of the framing, announced", says: ok + "Transfer-Encoding: chunked\r\nTrailer: X-A, content-length\r\n\r\n0\r\n\r\n", kind: loadgen.ErrorProtocol, conns: 3},
	{name: "a trailer of the framing, not announced", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 7\r\n\r\n", body: 5, conns: 1},

	{name: "a body that ends with the connection", says: ok + "\r\nhello", ends: true, body: 5, conns: 3},
	{name: "a body of HTTP/1.0 that ends with the connection", says: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello", ends: true, proto: 10, body: 5, conns: 3},
	{name: "nothing", says: "", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in the status", says: "HTTP/1.1 20", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off after the status line", says: ok, ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in a name", says: ok + "Content-Le", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in a value", says: ok + "Content-Length: 5", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in the empty line", says: ok + "Content-Length: 5\r\n\r", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off before the body", says: ok + "Content-Length: 5\r\n\r\n", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in the body", says: ok + "Content-Length: 5\r\n\r\nhel", ends: true, kind: loadgen.ErrorClosed, body: 3, conns: 3},
	{name: "cut off before a chunk", says: ok + "Transfer-Encoding: chunked\r\n\r\n", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in a chunk's size", says: ok + "Transfer-Encoding: chunked\r\n\r\n1", ends: true, kind: loadgen.ErrorClosed, conns: 3},
	{name: "cut off in a chunk", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", ends: true, kind: loadgen.ErrorClosed, body: 3, conns: 3},
	{name: "cut off after a chunk", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello", ends: true, kind: loadgen.ErrorClosed, body: 5, conns: 3},
	{name: "cut off before the last chunk", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ends: true, kind: loadgen.ErrorClosed, body: 5, conns: 3},
	{name: "cut off before the trailer", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", ends: true, kind: loadgen.ErrorClosed, body: 5, conns: 3},
	{name: "cut off in the trailer", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Mo", ends: true, kind: loadgen.ErrorClosed, body: 5, conns: 3},
	{name: "cut off after the trailer", says: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n", ends: true, kind: loadgen.ErrorClosed, body: 5, conns: 3},

	{name: "the target closes", says: ok + "Content-Length: 5\r\nConnection: close\r\n\r\nhello", body: 5, conns: 3},
	{name: "Close", says: ok + "Content-Length: 5\r\nConnection: Close\r\n\r\nhello", body: 5, conns: 3},
	{name: "CLOSE", says: ok + "Content-Length: 5\r\nCONNECTION:CLOSE\r\n\r\nhello", body: 5, conns: 3},
	{name: "close in a list", says: ok + "Content-Length: 5\r\nConnection: close, X-Foo\r\n\r\nhello", body: 5, conns: 3},
	{name: "close at the end of a list", says: ok + "Content-Length: 5\r\nConnection: X-Foo ,\tclose\r\n\r\nhello", body: 5, conns: 3},
	{name: "close in the first of two lines", says: ok + "Connection: close\r\nContent-Length: 5\r\nConnection: X-Foo\r\n\r\nhello", body: 5, conns: 3},
	{name: "close in the second of two lines", says: ok + "Connection: X-Foo\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", body: 5, conns: 3},
	{name: "close and keep-alive", says: ok + "Connection: keep-alive, close\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 3},
	{name: "an option that has close in it", says: ok + "Connection: closed, enclose\r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "an empty list", says: ok + "Connection: ,, \r\nContent-Length: 5\r\n\r\nhello", body: 5, conns: 1},
	{name: "HTTP/1.0 that keeps", says: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", proto: 10, body: 5, conns: 1},
	{name: "HTTP/1.0 that keeps, in a list", says: "HTTP/1.0 200 OK\r\nConnection: X-Foo, Keep-Alive\r\nContent-Length: 5\r\n\r\nhello", proto: 10, body: 5, conns: 1},
	{name: "HTTP/1.0 that keeps and closes", says: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", proto: 10, body: 5, conns: 3},
}

// What net/http makes of some responses nothing can be done about. Each of them is
// rare, and no figure is wrong for it: at worst a request fails that was answered.
func TestWhereNetHTTPIsAnother(t *testing.T) {
	// RFC 9112, section 2.2, lets a client accept LF alone at the end of trailer lines,
	// as of header lines. net/http looks for CR LF CR LF: if the connection stays open,
	// until the timeout.
	const trailer = ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\n\n"
	for _, ends := range []bool{false, true} {
		s := &bubbled{reply: func(c net.Conn, _ int) bool { return (&response{says: trailer, ends: ends}).acts(c, 0) }}
		bothRigsInABubble(t, attackOn("http://target.test/"), s, func(t *testing.T, rig *rig) {
			r := rig.send(0)
			assert.EqualValues(t, 5, r.BytesReceived)
			_, own := rig.transport.(*direct)
			switch {
			case own:
				assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			case ends:
				assert.Equal(t, loadgen.ErrorClosed, r.Error, r.ErrorText)
			default:
				assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
			}
		})
	}
}

// padded is a response whose head has n bytes.
func padded(n int) string {
	const rest = ok + "Content-Length: 5\r\nX-Long: \r\n\r\n"
	return strings.Replace(rest, "X-Long: ", "X-Long: "+strings.Repeat("x", n-len(rest)), 1) + "hello"
}

// trailing is a response whose trailer has n bytes.
func trailing(n int) string {
	return ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Long: " + strings.Repeat("x", n-len("X-Long: \r\n\r\n")) + "\r\n\r\n"
}

// acts answers as the response says.
func (c *response) acts(conn net.Conn, _ int) bool {
	_, err := io.WriteString(conn, c.says)
	return err == nil && !c.ends
}

func TestEachResponseIsTheSameToBothTransports(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range responses {
		require.False(t, seen[c.name], "%s stands twice", c.name)
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) { c.test(t, "http", nil) })
	}
}

func TestEachResponseIsTheSameOverTLS(t *testing.T) {
	cert := serverCertificate(t)
	for _, c := range responses {
		t.Run(c.name, func(t *testing.T) { c.test(t, "https", &cert) })
	}
}

func (c *response) test(t *testing.T, scheme string, cert *tls.Certificate) {
	status, proto, outcome := c.status, c.proto, loadgen.Finished
	switch {
	case c.kind != "":
		outcome = loadgen.Failed
	case status == 0:
		status = 200
	}
	if c.kind == "" && proto == 0 {
		proto = 11
	}
	a := attackOn(scheme + "://target.test/")
	a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify = loadgen.ProtocolHTTP1, true
	if c.method != "" {
		a.HTTP.Method = c.method
	}
	bothRigsInABubble(t, a, &bubbled{reply: c.acts, cert: cert}, func(t *testing.T, rig *rig) {
		for range 3 {
			r := rig.send(0)
			assert.Equal(t, outcome, r.Outcome, r.ErrorText)
			assert.Equal(t, c.kind, r.Error, r.ErrorText)
			assert.Equal(t, c.kind != "", r.ErrorText != "")
			assert.Equal(t, status, r.Status)
			assert.Equal(t, proto, r.Proto)
			assert.Equal(t, c.body, r.BytesReceived)
			assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
			synctest.Wait() // net/http may have something to put away
		}
		assert.Equal(t, c.conns, rig.net.connections.Load())
		assert.EqualValues(t, 3, rig.net.requests.Load())
	})
}
