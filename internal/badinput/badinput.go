// Package badinput marks errors that the user can correct: a flag, a plan, a file
// that it names, a configuration. A command exits with another code for them, as an API
// answers with another status. An error keeps its text.
package badinput

import "errors"

// fault is an error of what was given.
type fault struct{ error }

func (f fault) Unwrap() error { return f.error }

// Error marks an error, which must not be nil.
func Error(err error) error { return fault{err} }

// Is reports whether an error, or one that it wraps, is marked.
func Is(err error) bool {
	_, is := errors.AsType[fault](err)
	return is
}
