package httpengine

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
)

// framing is a response, right or wrong, made up of what a target may do with its
// head, its body and its connection.
//
// Two differences are left out on purpose, since nothing can be done about net/http:
//   - a trailer whose lines end with LF alone (TestWhereNetHTTPIsAnother);
//   - the next request on a connection with bytes left after the response, which
//     net/http may begin before it has looked
//     (TestAResponseWithMoreThanItSaidIsTheLastOfItsConnection).
type framing struct {
	method string
	head   string
	body   string
	cut    int  // how much of it all is sent, if less
	ends   bool // the target closes the connection then
}

func (f *framing) bytes() string {
	whole := f.head + f.body
	return whole[:min(f.cut, len(whole))]
}

func (f *framing) String() string { return fmt.Sprintf("%s %q ends=%t", f.method, f.bytes(), f.ends) }

var (
	rarely     = func(s ...string) []string { return s }
	lineEnds   = rarely("\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r\r\n")
	statusText = rarely("HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 500 ", "HTTP/1.1 503",
		"HTTP/1.0 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 101 Switching Protocols",
		"HTTP/1.1 999 x", "HTTP/1.9 200 OK", "HTTP/1.1   200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.1 099 x", "HTTP/1.1 000 x", "HTTP/1.1 -12 x",
		"HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/1.10 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1\t200 OK", "HTTP/1.1", "", "http/1.1 200 OK",
		"HTTP/1.x 200 OK", "HTTP/1.1 2 0 OK", "HTTP/1.1 20x", "ICY 200 OK", " HTTP/1.1 200 OK")
	fieldText = rarely("Server: x", "X-A:b", "x-empty:", "X-Tab:\tb\t", "X-Obs: gr\xfc\xdf", "X-Fold: a\r\n b", "X-Fold: a\n\tb", "X-Fold: a\r\n ",
		"Connection: close", "Connection: Close", "CONNECTION: keep-alive", "Connection: x, CLOSE ,y", "Connection:", "Connection: closed", "Connection: x\r\n ,close",
		"Connection: Keep-Alive, x", "Connection: \"close\"", "Keep-Alive: timeout=5", "Upgrade: h2c", "Trailer: X-Sum", "Trailer: Content-Length", "Trailer: a,b",
		"Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding:", "Transfer-Encoding: identity", "Content-Encoding: gzip",
		"Content-Length: 0", "Content-Length: 5", "Content-Length: 5 ", "Content-Length: 05", "content-length:5", "Content-Length: 5, 5", "Content-Length: +5",
		"Content-Length: ", "Content-Length: 5x", "Content-Length: 99999999999999999999",
		"X-Odd : b", " X-Led: b", "Content-Length : 5", "Connection : close", "Transfer-Encoding : chunked", "X Y: b", "X(: b", ": b", "nonsense", "X-Cr: a\rb", "X-Nul: a\x00b", "X-Del: \x7f",
		"X-Long: "+strings.Repeat("x", 9000), "X-Fits: "+strings.Repeat("y", 4000))
	chunkText = rarely("5\r\nhello\r\n", "5\r\nhello\r\n", "1\r\nx\r\n", "0005\r\nhello\r\n", "5;a=b\r\nhello\r\n", "5 \r\nhello\r\n", "a\r\n0123456789\r\n", "A\r\n0123456789\r\n",
		"5\nhello\r\n", "5\r\nhello\n", "5\r\nhello!\r\n", "g\r\nhello\r\n", "\r\nhello\r\n", "-5\r\nhello\r\n", "0x5\r\nhello\r\n", "5\r\rhello\r\n", "5\r\nhel\r\n",
		"2000\r\n"+strings.Repeat("z", 0x2000)+"\r\n", "5;"+strings.Repeat("e", 4200)+"\r\nhello\r\n", "10000000000000001\r\nhello\r\n")
	trailerText = rarely("", "", "X-Sum: 1\r\n", "X-Sum: 1\r\nX-More:\r\n", "nonsense\r\n", "Content-Length: 3\r\n", "X-Fold: a\r\n b\r\n", "X Y: b\r\n", "X\x00: b\r\n",
		"X-Long: "+strings.Repeat("x", 5000)+"\r\n", "X-Long: "+strings.Repeat("x", 9000)+"\r\n")
)

// draw draws a framing. Where a response, as it is meant, does not end by itself,
// the connection ends.
func draw(t *rapid.T) *framing {
	one := func(label string, of []string) string { return rapid.SampledFrom(of).Draw(t, label) }
	f := &framing{method: one("method", rarely("GET", "GET", "GET", "HEAD"))}
	for range rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 20}).Draw(t, "interim") {
		f.head += one("interim response", rarely("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 102 x\nConnection: close\n\n",
			"HTTP/1.0 199 x\r\nContent-Length: 5\r\n\r\n"))
	}
	fields := rapid.SliceOfN(rapid.SampledFrom(fieldText), 0, 4).Draw(t, "fields")
	whole := false
	switch one("framing", rarely("length", "empty", "chunks", "close", "none")) {
	case "length":
		whole = !slices.Contains(fields, "Transfer-Encoding: chunked")
		fields = append(fields, "Content-Length: 5")
		f.body = "hello"
	case "empty":
		whole = !slices.Contains(fields, "Transfer-Encoding: chunked")
		fields = append(fields, "Content-Length: 0")
	case "chunks":
		whole = true
		fields = append(fields, "Transfer-Encoding: chunked")
		f.body = strings.Join(rapid.SliceOfN(rapid.SampledFrom(chunkText), 0, 4).Draw(t, "chunks"), "") + "0\r\n" + one("trailer", trailerText) + "\r\n"
	case "close":
		f.body = "hello"
	}
	fields = rapid.Permutation(fields).Draw(t, "order")
	status := one("status", statusText)
	if strings.HasPrefix(status, "HTTP/1.0") && slices.Contains(fields, "Transfer-Encoding: chunked") {
		whole = false // the end of chunks is none in HTTP/1.0
	}
	for _, line := range append([]string{status}, fields...) {
		f.head += line + one("line end", lineEnds)
	}
	f.head += one("last line end", lineEnds)
	f.cut = len(f.head) + len(f.body)
	if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
		f.cut = rapid.IntRange(0, f.cut).Draw(t, "at")
		whole = false
	}
	f.ends = !whole || rapid.Bool().Draw(t, "ends")
	return f
}

// seen is what both transports must see alike, of the first request and of whether
// the second goes over the same connection.
type seen struct {
	outcome  loadgen.Outcome
	kind     loadgen.ErrorKind
	status   int
	proto    uint8
	received int64
	reused   bool
}

// TestTransportsAgreeOnGeneratedResponses has net/http for an oracle.
func TestTransportsAgreeOnGeneratedResponses(t *testing.T) {
	log.SetOutput(io.Discard) // net/http logs what comes after a response
	defer log.SetOutput(os.Stderr)
	rapid.Check(t, func(rt *rapid.T) {
		f := draw(rt)
		got, gotText := f.see(t, true)
		want, wantText := f.see(t, false)
		if got != want {
			rt.Fatalf("%s\ndirect   %+v %s\nstandard %+v %s", f, got, gotText, want, wantText)
		}
	})
}

// see is what the direct transport sees of the framing, or net/http's.
func (f *framing) see(t *testing.T, own bool) (saw seen, text string) {
	a := attackOn("http://target.test/")
	a.HTTP.Method = f.method
	s := &bubbled{reply: func(c net.Conn, _ int) bool {
		_, err := io.WriteString(c, f.bytes())
		return err == nil && !f.ends
	}}
	inABubble(t, a, own, s, func(_ *testing.T, rig *rig) {
		r := rig.send(0)
		text = r.ErrorText
		saw = seen{r.Outcome, r.Error, r.Status, r.Proto, r.BytesReceived, false}
		if r.Outcome == loadgen.Finished && !f.ends && (r.BytesReceived > 0 || f.body == "") { // or something is left
			synctest.Wait()
			saw.reused = rig.send(0).Reused
		}
	})
	return saw, text
}
