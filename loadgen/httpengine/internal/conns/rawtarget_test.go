package conns

import (
	"bytes"
	"io"
	"net"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// raw is a target that writes its frames by hand.
type raw struct {
	*bed
	mu      sync.Mutex // guards all below
	arrived int        // HEADERS
	conns   []*rawConn
}

// rawConn is one connection of it.
type rawConn struct {
	*raw
	net.Conn
	n      int // of the target's connections, from 0
	out    sync.Mutex
	framer *http2.Framer
}

// byHand has the target greet with settings and give each stream to answer.
func (b *bed) byHand(settings []http2.Setting, answer func(c *rawConn, stream uint32)) *raw {
	r := &raw{bed: b}
	b.serve = func(nc net.Conn) {
		c := &rawConn{raw: r, Conn: nc, framer: http2.NewFramer(nc, nc)}
		r.mu.Lock()
		c.n = len(r.conns)
		r.conns = append(r.conns, c)
		r.mu.Unlock()
		c.talk(settings, answer)
	}
	return r
}

func (c *rawConn) talk(settings []http2.Setting, answer func(*rawConn, uint32)) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c.Conn, preface); err != nil {
		return
	}
	c.out.Lock() // SETTINGS come first
	go func() {
		defer c.out.Unlock()
		c.framer.WriteSettings(settings...)
	}()
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				go c.write((*http2.Framer).WriteSettingsAck)
			}
		case *http2.PingFrame:
			if data := frame.Data; !frame.IsAck() {
				go c.write(func(f *http2.Framer) error { return f.WritePing(true, data) })
			}
		case *http2.HeadersFrame:
			c.raw.mu.Lock()
			c.arrived++
			c.raw.mu.Unlock()
			go answer(c, frame.StreamID)
		}
	}
}

func (c *rawConn) write(w func(*http2.Framer) error) {
	c.out.Lock()
	defer c.out.Unlock()
	w(c.framer)
}

// ok answers a stream.
func (c *rawConn) ok(stream uint32) {
	var block bytes.Buffer
	hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	c.write(func(f *http2.Framer) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true})
	})
}

func (c *rawConn) settings(s ...http2.Setting) {
	c.write(func(f *http2.Framer) error { return f.WriteSettings(s...) })
}

func (c *rawConn) goAway(last uint32, code http2.ErrCode) {
	c.write(func(f *http2.Framer) error { return f.WriteGoAway(last, code, nil) })
}

func (c *rawConn) reset(stream uint32, code http2.ErrCode) {
	c.write(func(f *http2.Framer) error { return f.WriteRSTStream(stream, code) })
}

// seen is how many requests arrived, and over how many connections.
func (r *raw) seen() (arrived, conns int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arrived, len(r.conns)
}

func (r *raw) conn(n int) *rawConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns[n]
}

func streamsAllowed(n uint32) []http2.Setting {
	return []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: n}}
}
