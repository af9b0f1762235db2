package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Bounds of what comes before and after a response's body, in bytes.
const (
	// MaxHead bounds the head of a response, with those of its interim responses.
	MaxHead = 1 << 20
	// MaxTrailer bounds the trailer section of a chunked body.
	MaxTrailer = 8 << 10
)

// head is what the head of a response says of its framing and its connection
// (RFC 9112, sections 4 and 6; RFC 9110, section 7.6.1).
type head struct {
	status  int
	proto   uint8 // 10 or 11
	length  int64 // Content-Length, -1 without one
	digits  int   // of it
	chunked bool

	coded     bool // there was a Transfer-Encoding
	odd       bool // which was not chunked alone
	closes    bool // the connection options have close
	stays     bool // or keep-alive
	misplaced bool // Trailer names a field that a trailer must not have

	coding string // Content-Encoding of an error

	// What is wrong with it beyond its syntax, which net/http reports when the whole
	// head is there: with any head, and with a final one.
	fault, alien error
}

// last reports whether the connection ends with this response.
func (h *head) last() bool { return h.closes || h.proto == 10 && !h.stays }

// interim reports whether another head follows.
func (h *head) interim() bool {
	return 100 <= h.status && h.status < 200 && h.status != http.StatusSwitchingProtocols
}

// lines reads the lines of a head or a trailer. What it returns is valid until it
// is called again.
type lines struct {
	from *bufio.Reader
	left int    // bytes that may still come
	own  []byte // a line that the reader's buffer does not hold whole
}

var errTooLong = errors.New("too long")

// next returns a line without its end: CRLF or, as RFC 9112, section 2.2, allows,
// LF alone.
func (l *lines) next() ([]byte, error) {
	line, err := l.from.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = l.long(line)
	}
	if l.left -= len(line); l.left < 0 {
		return nil, errTooLong
	}
	if err != nil {
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// long reads on a line whose beginning fills the buffer.
func (l *lines) long(begin []byte) ([]byte, error) {
	l.own = append(l.own[:0], begin...)
	for {
		part, err := l.from.ReadSlice('\n')
		l.own = append(l.own, part...)
		if err != bufio.ErrBufferFull || len(l.own) > l.left {
			return l.own, err
		}
	}
}

// shrink gives back what an unusually long line needed.
func (l *lines) shrink() {
	if cap(l.own) > MaxTrailer {
		l.own = nil
	}
}

// field returns the next field line, or nothing at the end of them all.
func (l *lines) field() (name, value []byte, err error) {
	line, err := l.next()
	if err != nil || len(line) == 0 {
		return nil, nil, err
	}
	if bytes.IndexByte(line, ':') < 0 {
		return nil, nil, malformed("header", line)
	}
	if l.from.Buffered() == 0 { // to look at what follows moves what the buffer holds
		l.own = append(l.own[:0], line...)
		line = l.own
	}
	if folded, err := l.folded(); err != nil {
		return nil, nil, err
	} else if folded {
		if line, err = l.unfold(line); err != nil {
			return nil, nil, err
		}
	}
	return split(line)
}

// begin refuses lines that go on with none.
func (l *lines) begin() error {
	folded, err := l.folded()
	if err != nil || !folded {
		return err
	}
	line, err := l.next()
	if err != nil {
		return err
	}
	return malformed("header", line)
}

// folded reports whether the next line goes on with this one.
func (l *lines) folded() (bool, error) {
	b, err := l.from.Peek(1)
	return err == nil && isSpace(b[0]), err
}

// unfold joins a line and those that go on with it (obs-fold, RFC 9112, section
// 5.2).
func (l *lines) unfold(line []byte) ([]byte, error) {
	whole := bytes.Clone(trim(line))
	for {
		more, err := l.next()
		if err != nil {
			return nil, err
		}
		whole = append(append(whole, ' '), trim(more)...)
		if folded, err := l.folded(); err != nil || !folded {
			return whole, err
		}
	}
}

// split splits a field line. Space in a name, which only servers must refuse, is let
// pass.
func split(line []byte) (name, value []byte, err error) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return nil, nil, malformed("header", line)
	}
	name, value = line[:colon], line[colon+1:]
	for _, c := range name {
		if kinds[c]&inName == 0 && c != ' ' {
			return nil, nil, malformed("header", line)
		}
	}
	for _, c := range value {
		if kinds[c]&inValue == 0 {
			return nil, nil, malformed("header", line)
		}
	}
	return name, trim(value), nil
}

// Frames reports whether a field whose name has space after it decides, without, where
// a response or its connection ends. Then it is not safe to let that pass.
func Frames(name string) bool {
	switch http.CanonicalHeaderKey(strings.TrimRight(name, " ")) {
	case "Connection", "Content-Length", "Transfer-Encoding":
		return true
	}
	return false
}

// read reads one head.
func (h *head) read(l *lines) error {
	line, err := l.next()
	if err != nil {
		return err
	}
	*h = head{length: -1}
	if err := h.start(line); err != nil {
		return err
	}
	if err := l.begin(); err != nil {
		return err
	}
	for {
		name, value, err := l.field()
		if err != nil {
			return err
		}
		if name == nil {
			return h.check()
		}
		h.take(name, value)
	}
}

// start takes the status line: HTTP-version SP 3DIGIT [ SP reason ].
func (h *head) start(line []byte) error {
	const version = "HTTP/1.1"
	if len(line) <= len(version) || string(line[:5]) != version[:5] || line[6] != '.' || line[len(version)] != ' ' {
		return malformed("status line", line)
	}
	code := bytes.TrimLeft(line[len(version):], " ")
	if len(code) < 3 || len(code) > 3 && code[3] != ' ' || !isDigits(line[5:6]) || !isDigits(line[7:8]) || !isDigits(code[:3]) {
		return malformed("status line", line)
	}
	if h.proto = 11; line[7] == '0' {
		h.proto = 10
	}
	h.status = 100*int(code[0]-'0') + 10*int(code[1]-'0') + int(code[2]-'0')
	if line[5] != '1' || h.status < 100 {
		h.alien = malformed("status line", line)
	}
	return nil
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || '9' < c {
			return false
		}
	}
	return true
}

// take takes a field.
func (h *head) take(name, value []byte) {
	switch len(name) {
	case len("Connection"):
		if isNamed(name, "Connection") {
			h.closes = h.closes || has(value, "close")
			h.stays = h.stays || has(value, "keep-alive")
		}
	case len("Content-Encoding"):
		if h.status >= 400 && isNamed(name, "Content-Encoding") {
			h.encode(value)
		}
	case len("Content-Length"):
		if isNamed(name, "Content-Length") {
			h.size(value)
		}
	case len("Transfer-Encoding"):
		if isNamed(name, "Transfer-Encoding") {
			h.chunked = !h.coded && isNamed(value, "chunked")
			h.coded, h.odd = true, !h.chunked
		}
	case len("Trailer"):
		if isNamed(name, "Trailer") {
			h.misplaced = h.misplaced || has(value, "Content-Length") || has(value, "Transfer-Encoding") || has(value, "Trailer")
		}
	}
	if name[len(name)-1] == ' ' && Frames(string(name)) {
		h.alien = malformed("header", name)
	}
}

// encode takes a Content-Encoding. Those of several lines are one list, of which no more
// is kept than can be made sense of.
func (h *head) encode(value []byte) {
	const most = 64
	if len(h.coding) >= most {
		return
	}
	if h.coding != "" {
		h.coding += ", "
	}
	h.coding += string(value[:min(len(value), most)])
}

// size takes a Content-Length. Another must be the same.
func (h *head) size(value []byte) {
	n, err := strconv.ParseUint(string(value), 10, 63)
	if err != nil || h.length >= 0 && (h.length != int64(n) || h.digits != len(value)) {
		h.fault = malformed("Content-Length", value)
	}
	h.length, h.digits = int64(n), len(value)
}

// check refuses what the fields together do not allow.
func (h *head) check() error {
	if h.proto == 10 { // which has no transfer codings
		h.chunked, h.odd = false, false
	}
	switch {
	case h.odd:
		return &ProtocolError{"Transfer-Encoding is not chunked alone"}
	case h.chunked && h.misplaced:
		return &ProtocolError{"Trailer names a field of the framing"}
	}
	return h.fault
}

// has reports whether a list has a member, whatever its case.
func has(list []byte, member string) bool {
	for len(list) > 0 {
		one := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			one, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		if isNamed(trim(one), member) {
			return true
		}
	}
	return false
}

// isNamed compares names, which are ASCII, whatever their case.
func isNamed(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if lower(c) != lower(name[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// malformed says what of a head is wrong.
func malformed(what string, line []byte) error {
	return &ProtocolError{fmt.Sprintf("%s %q", what, line[:min(len(line), 80)])}
}

// Kinds of bytes: what a field's name and value may hold (RFC 9110, sections 5.1
// and 5.5).
const (
	inName = 1 << iota
	inValue
)

var kinds = func() (kinds [256]byte) {
	for c := range kinds {
		switch {
		case c == '\t' || c >= 0x80:
			kinds[c] = inValue
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0:
			kinds[c] = inName | inValue
		case ' ' <= c && c < 0x7f:
			kinds[c] = inValue
		}
	}
	return kinds
}()
