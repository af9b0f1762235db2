package main

import (
	"errors"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const exitCodes = `Exit codes: 0 the run was carried out; 2 bad input (a flag, the plan, a file it
names, the configuration); 1 anything else: the run was stopped before its end,
the collector failed, or figures are not to be trusted (the summary says why).`

// usageError is bad input.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func badInput(err error) error { return usageError{err} }

// exitCode maps an error to the process's exit code.
func exitCode(err error) int {
	var key *pace.KeyError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), errors.As(err, &key):
		return 2
	default:
		return 1
	}
}
