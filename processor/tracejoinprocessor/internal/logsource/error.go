package logsource

import (
	"errors"
	"fmt"
	"time"
)

// Kind classifies errors; it is a metric attribute.
type Kind string

const (
	Unreachable     Kind = "unreachable"      // no connection, or it broke
	Timeout         Kind = "timeout"          // no whole answer in time
	Throttled       Kind = "throttled"        // 429
	Failed          Kind = "failed"           // 5xx
	Denied          Kind = "denied"           // 401, 403
	Refused         Kind = "refused"          // any other status: Loki rejects the query, or the server is not Loki
	InvalidResponse Kind = "invalid_response" // a response that is not Loki's
	TooLarge        Kind = "too_large"        // even the smallest page exceeds a bound
	Incomplete      Kind = "incomplete"       // lines are missing that could not be paged to
)

// Error is why lines could not be fetched.
type Error struct {
	Kind   Kind
	Status int    // of HTTP, or 0
	What   string // what happened, in lower case
	Err    error  // the cause, or nil

	pageLines int           // the page that this Loki allows, or 0
	after     time.Duration // when to retry, if the response has it
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
