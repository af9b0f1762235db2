package logsource

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what sort of trouble a request met; it makes a metric attribute.
type Kind string

const (
	Unreachable Kind = "unreachable"      // no connection, or it broke
	Timeout     Kind = "timeout"          // no whole answer in time
	Throttled   Kind = "throttled"        // 429
	Failed      Kind = "failed"           // 5xx
	Denied      Kind = "denied"           // 401, 403
	Refused     Kind = "refused"          // any other status: the query is not to Loki's liking, or it is no Loki
	Nonsense    Kind = "invalid_response" // an answer that is not Loki's
	TooLarge    Kind = "too_large"        // even the smallest page exceeds a bound
	Incomplete  Kind = "incomplete"       // lines are missing that could not be paged to
)

// Error is why lines could not be had.
type Error struct {
	Kind   Kind
	Status int    // of HTTP, or 0
	What   string // what happened, in lower case
	Err    error  // the cause, or nil

	pageLines int           // the page that this Loki allows, or 0
	after     time.Duration // when to ask again, if it said so
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.What
	}
	return fmt.Sprintf("%s: %v", e.What, e.Err)
}

// Incomplete reports whether all lines that could be had were yielded.
func (e *Error) Incomplete() bool { return e.Kind == Incomplete }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error of this package, or empty: the caller's context
// ended.
func KindOf(err error) Kind {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
