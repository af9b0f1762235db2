package conns

import "encoding/binary"

// Of RFC 9113.
const (
	headerLen    = 9
	typeSettings = 0x4
	typeGoAway   = 0x7
	goAwayLen    = 8 // last stream, error code
)

// frames follows what an HTTP/2 peer sends, frame by frame, for the two frames
// that net/http acts on and does not show. Whatever way the bytes are cut, it
// sees the same.
type frames struct {
	head [headerLen]byte
	have int // bytes of head
	left int // bytes of the payload that are still to come
	body [goAwayLen]byte
	got  int // bytes of body

	begun    bool // the header of a frame has come
	alien    bool // the first is not that of SETTINGS, so it is no HTTP/2
	settings bool // a SETTINGS frame has come, in full
	goAway   bool // a GOAWAY frame has come, in full
	code     uint32
	last     uint32 // the last stream that was taken, of those that it named
}

// feed takes the next bytes.
func (f *frames) feed(b []byte) {
	for len(b) > 0 {
		if f.have < headerLen {
			n := copy(f.head[f.have:], b)
			f.have, b = f.have+n, b[n:]
			if f.have < headerLen {
				return
			}
			f.alien = f.alien || !f.begun && f.head[3] != typeSettings
			f.begun = true
			f.left, f.got = int(f.head[0])<<16|int(f.head[1])<<8|int(f.head[2]), 0
		} else {
			n := min(f.left, len(b))
			if f.head[3] == typeGoAway {
				f.got += copy(f.body[f.got:], b[:n])
			}
			f.left, b = f.left-n, b[n:]
		}
		if f.left == 0 {
			f.end()
		}
	}
}

// end is called at the end of a frame.
func (f *frames) end() {
	switch f.head[3] {
	case typeSettings:
		f.settings = true
	case typeGoAway:
		f.goAway, f.code = true, binary.BigEndian.Uint32(f.body[4:])
		f.last = binary.BigEndian.Uint32(f.body[:]) & (1<<31 - 1)
	}
	f.have = 0
}
