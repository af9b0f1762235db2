package wire

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

// errBroken says that something is no encoded message.
var errBroken = errors.New("not an encoded trace")

// Choose returns the traces with those spans that want says, which is asked for each
// in order, counted from 0. Resources and scopes without a span are not in it.
func Choose(traces []byte, want func(i int) bool) ([]byte, error) {
	c := chooser{want: want}
	out, _, err := c.message(make([]byte, 0, len(traces)/4), traces, 0)
	return out, err
}

type chooser struct {
	want func(i int) bool
	next int
}

// message appends a message to out, with the spans below it that are wanted, and
// says whether there are any. depth is how far along the path it lies.
func (c *chooser) message(out, msg []byte, depth int) (_ []byte, some bool, err error) {
	for len(msg) > 0 {
		number, kind, tag := protowire.ConsumeTag(msg)
		if tag < 0 {
			return nil, false, errBroken
		}
		n := protowire.ConsumeFieldValue(number, kind, msg[tag:])
		if n < 0 {
			return nil, false, errBroken
		}
		field := msg[:tag+n]
		msg = msg[tag+n:]
		switch {
		case number != path[depth] || kind != protowire.BytesType:
			out = append(out, field...)
		case depth == len(path)-1:
			if c.want(c.next) {
				out, some = append(out, field...), true
			}
			c.next++
		default:
			var below bool
			if out, below, err = c.below(out, field[tag:], depth); err != nil {
				return nil, false, err
			}
			some = some || below
		}
	}
	return out, some, nil
}

// below appends a field with a message on the path, unless no span of it is wanted.
func (c *chooser) below(out, value []byte, depth int) (_ []byte, some bool, err error) {
	msg, n := protowire.ConsumeBytes(value)
	if n < 0 {
		return nil, false, errBroken
	}
	chosen, some, err := c.message(nil, msg, depth+1)
	if err != nil || !some {
		return out, false, err
	}
	out = protowire.AppendTag(out, path[depth], protowire.BytesType)
	return protowire.AppendBytes(out, chosen), true, nil
}
