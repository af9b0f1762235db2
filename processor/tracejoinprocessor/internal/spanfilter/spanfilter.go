package spanfilter

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of opentelemetry/proto/collector/trace/v1 and trace/v1 that lead to spans;
// all others are copied as they are.
const (
	resourceSpans protowire.Number = 1 // of ExportTraceServiceRequest
	scopeSpans    protowire.Number = 2 // of ResourceSpans
	spans         protowire.Number = 2 // of ScopeSpans
)

// path leads from the outermost message to spans.
var path = [...]protowire.Number{resourceSpans, scopeSpans, spans}

// errBroken reports that something is no encoded message.
var errBroken = errors.New("not an encoded trace")

// Select returns the traces with those spans that want says, which is asked for each
// in order, counted from 0. Resources and scopes without a span are not in it.
func Select(traces []byte, want func(i int) bool) ([]byte, error) {
	c := selector{want: want, out: make([]byte, 0, len(traces)/2)}
	if _, err := c.message(traces, 0); err != nil {
		return nil, err
	}
	return c.out, nil
}

type selector struct {
	want func(i int) bool
	next int
	out  []byte
}

// message appends a message, with the spans below it that are wanted, and says
// whether there are any. depth is how far along the path it lies.
func (c *selector) message(msg []byte, depth int) (some bool, err error) {
	for len(msg) > 0 {
		number, kind, tag := protowire.ConsumeTag(msg)
		if tag < 0 {
			return false, errBroken
		}
		n := protowire.ConsumeFieldValue(number, kind, msg[tag:])
		if n < 0 {
			return false, errBroken
		}
		field := msg[:tag+n]
		msg = msg[tag+n:]
		switch {
		case number != path[depth] || kind != protowire.BytesType:
			c.out = append(c.out, field...)
		case depth == len(path)-1:
			if c.want(c.next) {
				c.out, some = append(c.out, field...), true
			}
			c.next++
		default:
			below, err := c.below(field[tag:], depth)
			if err != nil {
				return false, err
			}
			some = some || below
		}
	}
	return some, nil
}

// lengthBytes is room for the length of a message whose end is not known yet: as long
// as a length may be. A decoder takes one with more digits than it needs.
const lengthBytes = 5

// below appends a field with a message on the path, unless no span of it is wanted.
func (c *selector) below(value []byte, depth int) (some bool, err error) {
	msg, n := protowire.ConsumeBytes(value)
	if n < 0 {
		return false, errBroken
	}
	start := len(c.out)
	c.out = protowire.AppendTag(c.out, path[depth], protowire.BytesType)
	c.out = append(c.out, make([]byte, lengthBytes)...)
	begin := len(c.out)
	if some, err = c.message(msg, depth+1); err != nil || !some {
		c.out = c.out[:start]
		return false, err
	}
	putLength(c.out[begin-lengthBytes:begin], len(c.out)-begin)
	return true, nil
}

// putLength as a varint of all the bytes that there are.
func putLength(to []byte, n int) {
	for i := range to {
		to[i] = byte(n>>(7*i))&0x7f | 0x80
	}
	to[len(to)-1] &= 0x7f
}
