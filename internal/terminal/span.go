package terminal

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// Span is a span of a trace, whoever made it.
type Span struct {
	ID, Parent, Trace string // hexadecimal; no parent is empty or zeros
	Service, Name     string
	Kind              string // Client, Server, …
	Start, End        time.Time
	Error             string // why it failed, in words, or error; empty if it did not
	// Implausible spans lasted longer than they can have: their times are not shown.
	Implausible bool
	Attributes  []Attribute
	Events      []Event
}

// Attribute is a key and its value as text.
type Attribute struct{ Key, Value string }

// Event is something that happened within a span.
type Event struct {
	Name       string
	Time       time.Time
	Attributes []Attribute
}

// duration is never negative, whatever the clocks said, and 0 if it is implausible.
func (s *Span) duration() time.Duration {
	if s.Implausible {
		return 0
	}
	return max(s.End.Sub(s.Start), 0)
}

// request reports whether the span is a request of a run.
func (s *Span) request() bool { return !s.hasParent() && s.attribute(attr.RunID) != "" }

func (s *Span) attribute(key string) string { return valueOf(s.Attributes, key) }

func (e *Event) attribute(key string) string { return valueOf(e.Attributes, key) }

// valueOf a key; empty if there is none.
func valueOf(attributes []Attribute, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// seconds reads an attribute that is a number of seconds; 0 if there is none.
func (s *Span) seconds(key string) time.Duration {
	v, err := strconv.ParseFloat(s.attribute(key), 64)
	if err != nil || v < 0 || v > 1e9 {
		return 0
	}
	return time.Duration(v * float64(time.Second))
}

// status of the response, of either protocol; empty if there was none.
func (s *Span) status() string {
	return cmp.Or(s.attribute(attr.HTTPResponseStatusCode), s.attribute(attr.RPCResponseStatusCode))
}

func (s *Span) hasParent() bool { return strings.Trim(s.Parent, "0") != "" }
