package grpcengine

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/loadtrace/loadtrace/loadgen"
)

// rawTarget speaks HTTP/2 frame by frame, so that it can answer as no gRPC server
// would.
type rawTarget struct {
	addr     string
	answer   func(c *rawConn, stream uint32) // to a call, when its last message is there
	settings []http2.Setting
	mu       sync.Mutex // guards calls and accepted
	calls    int
	accepted int
	open     sync.WaitGroup
}

func startRaw(t *testing.T, settings []http2.Setting, answer func(c *rawConn, stream uint32)) *rawTarget {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &rawTarget{addr: l.Addr().String(), answer: answer, settings: settings}
	var mu sync.Mutex
	var conns []net.Conn
	r.open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			r.mu.Lock()
			r.accepted++
			r.mu.Unlock()
			r.open.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		r.open.Wait()
	})
	return r
}

// arrived is how many calls have come.
func (r *rawTarget) arrived() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

func (r *rawTarget) serve(conn net.Conn) {
	defer conn.Close()
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	c := &rawConn{Conn: conn, framer: http2.NewFramer(conn, conn)}
	c.encoder = hpack.NewEncoder(&c.block)
	_ = c.framer.WriteSettings(r.settings...)
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				c.locked(func() { _ = c.framer.WriteSettingsAck() })
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				c.locked(func() { _ = c.framer.WritePing(true, f.Data) })
			}
		case *http2.HeadersFrame:
			r.mu.Lock()
			r.calls++
			c.calls = r.calls
			r.mu.Unlock()
		case *http2.DataFrame:
			if f.StreamEnded() {
				r.answer(c, f.StreamID)
			}
		}
	}
}

// rawConn is a connection of a rawTarget.
type rawConn struct {
	net.Conn
	calls   int // of the target, up to that under way
	mu      sync.Mutex
	framer  *http2.Framer
	encoder *hpack.Encoder
	block   bytes.Buffer
}

func (c *rawConn) locked(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

// headers sends names and values.
func (c *rawConn) headers(stream uint32, end bool, fields ...string) {
	c.locked(func() {
		c.block.Reset()
		for i := 0; i < len(fields); i += 2 {
			_ = c.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		_ = c.framer.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream, BlockFragment: c.block.Bytes(), EndStream: end, EndHeaders: true,
		})
	})
}

// begin sends the header of a response.
func (c *rawConn) begin(stream uint32) {
	c.headers(stream, false, ":status", "200", "content-type", "application/grpc")
}

// message sends the empty message.
func (c *rawConn) message(stream uint32) { c.data(stream, false, make([]byte, 5)) }

func (c *rawConn) data(stream uint32, end bool, p []byte) {
	c.locked(func() { _ = c.framer.WriteData(stream, end, p) })
}

// status ends a response that has begun.
func (c *rawConn) status(stream uint32, code, message string) {
	fields := []string{"grpc-status", code}
	if message != "" {
		fields = append(fields, "grpc-message", message)
	}
	c.headers(stream, true, fields...)
}

func (c *rawConn) ok(stream uint32) {
	c.begin(stream)
	c.message(stream)
	c.status(stream, "0", "")
}

func (c *rawConn) reset(stream uint32, code http2.ErrCode) {
	c.locked(func() { _ = c.framer.WriteRSTStream(stream, code) })
}

func (c *rawConn) goAway(last uint32, code http2.ErrCode) {
	c.locked(func() { _ = c.framer.WriteGoAway(last, code, nil) })
}

// hangUp ends the connection in order. Close would not: bytes of the client's that have
// not been read make the kernel reset the connection.
func (c *rawConn) hangUp() { _ = c.Conn.(*net.TCPConn).CloseWrite() }

// attack is an attack on a method of the target, with one connection.
func (r *rawTarget) attack(t *testing.T, method string) loadgen.Attack {
	file, _ := describeEcho(t)
	g := &target{file: file, addr: r.addr}
	a := g.attack(method)
	a.GRPC.Connections, a.GRPC.Timeout = 1, 10*time.Second
	return a
}

// untilSent runs an attack with longer and longer timeouts until each of its calls was
// sent: on a busy machine a connection may take longer than a short one.
func untilSent(t *testing.T, a loadgen.Attack, timeout time.Duration, run func() []loadgen.Record) []loadgen.Record {
	for ; ; timeout *= 2 {
		a.GRPC.Timeout = timeout
		records := run()
		if !slices.ContainsFunc(records, func(r loadgen.Record) bool { return r.Outcome == loadgen.NotSent }) {
			return records
		}
		require.Less(t, timeout, time.Minute, "calls were not sent within that")
	}
}

// inPieces ends a response with a header in frames of 10 bytes.
func (c *rawConn) inPieces(stream uint32, fields ...string) {
	c.locked(func() {
		c.block.Reset()
		for i := 0; i < len(fields); i += 2 {
			_ = c.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		rest := c.block.Bytes()
		_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: rest[:10], EndStream: true})
		for rest = rest[10:]; len(rest) > 10; rest = rest[10:] {
			_ = c.framer.WriteContinuation(stream, false, rest[:10])
		}
		_ = c.framer.WriteContinuation(stream, true, rest)
	})
}

// zipped is a message of these bytes, compressed.
func zipped(text string) []byte {
	var b bytes.Buffer
	b.Write(make([]byte, 5))
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	b.Bytes()[0] = 1
	binary.BigEndian.PutUint32(b.Bytes()[1:], uint32(b.Len()-5))
	return b.Bytes()
}
