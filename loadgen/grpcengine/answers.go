package grpcengine

import (
	"encoding/binary"
	"hash/maphash"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
)

// answers are the statuses other than OK that the target sent over a channel, as
// they came on the wire, until their calls ask for them.
//
// Subtle: gRPC gives the statuses that it makes up itself the same form as those
// of the target, and their texts are a target's to send too: a proxy passes on
// "connection refused" of what is behind it. Only the wire can tell. A status is
// found by its code and text, so that of two calls that end alike, one by the
// target and one by gRPC, over one channel and at one moment, either may be taken
// for the other; their number is right.
type answers struct {
	mu          sync.Mutex // guards both
	recent, old map[answer]int
}

// answer is a status of the target.
type answer struct {
	code codes.Code
	text uint64 // a hash of the text; 0 if the target sent details, which replace it
}

// maxAnswers bounds the statuses that are kept, twice: those of calls that did not
// ask, since they had ended before, are dropped when as many others have come.
const maxAnswers = 1 << 14

var seed = maphash.MakeSeed()

func newAnswer(code codes.Code, text string) answer {
	return answer{code: code, text: maphash.String(seed, text)}
}

func (a *answers) add(one answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.recent == nil || len(a.recent) >= maxAnswers {
		a.recent, a.old = map[answer]int{}, a.recent
	}
	a.recent[one]++
}

// take reports whether the target sent a status that no call has taken yet.
func (a *answers) take(code codes.Code, text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range [...]answer{newAnswer(code, text), {code: code}} {
		for _, m := range [...]map[answer]int{a.old, a.recent} {
			if n := m[one]; n > 1 {
				m[one] = n - 1
				return true
			} else if n == 1 {
				delete(m, one)
				return true
			}
		}
	}
	return false
}

// reader reads the frames of a connection beside gRPC (RFC 9113, section 4.1), for
// the headers that end streams. It is the connection's reader's alone.
type reader struct {
	answers *answers
	headers *hpack.Decoder
	head    [9]byte // of the frame under way
	got     int     // bytes of it
	left    int     // bytes of its payload that are to come
	block   []byte  // of headers
	ends    bool    // whether they end their stream
	broken  bool    // what came is no HTTP/2, as gRPC will find too

	status, message string
	details         bool
}

// maxBlock bounds the headers of a response: gRPC's own bound, and the padding.
const maxBlock = 16<<20 + 1<<16

// mostKept bounds the room for headers that is kept between two responses.
const mostKept = 64 << 10

func newReader(a *answers) *reader {
	r := &reader{answers: a}
	r.headers = hpack.NewDecoder(4096, r.field) // the size of the table that gRPC leaves at its default
	return r
}

// read takes what came.
func (r *reader) read(p []byte) {
	for len(p) > 0 && !r.broken {
		if r.got < len(r.head) {
			n := copy(r.head[r.got:], p)
			r.got += n
			p = p[n:]
			if r.got < len(r.head) {
				return
			}
			r.begin()
		}
		n := min(r.left, len(p))
		if r.wanted() {
			r.block = append(r.block, p[:n]...)
			r.broken = len(r.block) > maxBlock
		}
		p, r.left = p[n:], r.left-n
		if r.left == 0 {
			r.got = 0
			r.end()
		}
	}
}

func (r *reader) kind() http2.FrameType  { return http2.FrameType(r.head[3]) }
func (r *reader) has(f http2.Flags) bool { return http2.Flags(r.head[4]).Has(f) }

func (r *reader) wanted() bool {
	return r.kind() == http2.FrameHeaders || r.kind() == http2.FrameContinuation
}

// begin begins the payload of a frame.
func (r *reader) begin() {
	r.left = int(binary.BigEndian.Uint32(r.head[:4]) >> 8)
	if r.kind() == http2.FrameHeaders {
		r.block = r.block[:0]
		r.ends = r.has(http2.FlagHeadersEndStream)
	}
}

// end ends a frame.
func (r *reader) end() {
	if r.kind() == http2.FrameHeaders {
		r.strip()
	}
	// The flag that ends a block is the same in both.
	if r.broken || !r.wanted() || !r.has(http2.FlagHeadersEndHeaders) {
		return
	}
	r.status, r.message, r.details = "", "", false
	_, err := r.headers.Write(r.block)
	if e := r.headers.Close(); err == nil {
		err = e
	}
	r.broken = err != nil
	if err == nil && r.ends && r.status != "" && r.status != "0" {
		r.note()
	}
	if cap(r.block) > mostKept {
		r.block = nil
	}
}

// strip takes padding and priority off a frame of headers.
func (r *reader) strip() {
	from, to := 0, len(r.block)
	if r.has(http2.FlagHeadersPadded) && to > 0 {
		from, to = 1, to-int(r.block[0])
	}
	if r.has(http2.FlagHeadersPriority) {
		from += 5
	}
	if from > to {
		r.broken = true
		return
	}
	r.block = r.block[:copy(r.block, r.block[from:to])]
}

func (r *reader) field(f hpack.HeaderField) {
	switch f.Name {
	case "grpc-status":
		r.status = f.Value
	case "grpc-message":
		r.message = f.Value
	case "grpc-status-details-bin":
		r.details = true
	}
}

func (r *reader) note() {
	code, err := strconv.ParseInt(r.status, 10, 32)
	if err != nil || code == 0 {
		return
	}
	if r.details {
		r.answers.add(answer{code: codes.Code(uint32(code))})
		return
	}
	r.answers.add(newAnswer(codes.Code(uint32(code)), unescape(r.message)))
}

// unescape decodes a grpc-message, whose bytes may be written %XX; what is no such
// code stands for itself.
func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if i+2 < len(text) && text[i] == '%' {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
