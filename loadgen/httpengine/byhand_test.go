package httpengine

import (
	"bytes"
	"io"
	"net"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// byHand is the target's end of an HTTP/2 connection, whose frames are written by hand.
type byHand struct {
	net.Conn
	framer  *http2.Framer
	mu      sync.Mutex // guards writing
	streams sync.WaitGroup
}

// speakByHand greets, and gives each stream whose head has come to answer, until the
// client closes the connection.
func speakByHand(nc net.Conn, answer func(c *byHand, stream uint32)) {
	c := &byHand{Conn: nc, framer: http2.NewFramer(nc, nc)}
	defer c.streams.Wait()
	defer nc.Close()
	if _, err := io.ReadFull(nc, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	c.mu.Lock() // SETTINGS come first
	c.streams.Go(func() {
		defer c.mu.Unlock()
		c.framer.WriteSettings()
	})
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				c.streams.Go(func() { c.write((*http2.Framer).WriteSettingsAck) })
			}
		case *http2.HeadersFrame:
			stream := frame.StreamID
			c.streams.Go(func() { answer(c, stream) })
		}
	}
}

func (c *byHand) write(w func(*http2.Framer) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w(c.framer)
}

// head answers with a status, which may be the end.
func (c *byHand) head(stream uint32, status string, end bool) {
	var block bytes.Buffer
	hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: status})
	c.write(func(f *http2.Framer) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
	})
}

func (c *byHand) data(stream uint32, s string, end bool) {
	c.write(func(f *http2.Framer) error { return f.WriteData(stream, end, []byte(s)) })
}
