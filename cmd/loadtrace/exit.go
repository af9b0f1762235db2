package main

import (
	"errors"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const exitCodes = `Exit codes: 0 the run was carried out; 2 bad input (a flag, the plan, a file it
names, the configuration); 1 anything else: the run was stopped before its end,
the collector failed, or figures are not to be trusted (the summary says why).`

// usageError is bad input.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func badInput(err error) error { return usageError{err} }

// badConfig knows the collector's errors of its configuration, which have no
// type.
func badConfig(err error) bool {
	text := strings.TrimPrefix(err.Error(), "start the collector: ")
	for _, start := range []string{
		"failed to get config:", "invalid configuration:", "failed to build pipelines:",
		"at least one config flag", "cannot unmarshal the configuration",
	} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}

// exitCode maps an error to the process's exit code.
func exitCode(err error) int {
	var key *pace.KeyError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), errors.As(err, &key), badConfig(err):
		return 2
	default:
		return 1
	}
}
