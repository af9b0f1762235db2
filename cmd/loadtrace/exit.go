package main

import (
	"errors"
	"strings"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const exitCodes = `Exit codes: 0 the plan was run and met its thresholds; 99 a threshold was breached;
98 undecided: the measurement cannot be trusted, or a threshold had no samples (the
summary gives the reason); 2 bad input (a flag, the plan, a file that it names, the
configuration); 1 anything else: the run was interrupted, or an engine or the
collector failed.`

// Exit codes beside 0, 1 and 2. 99 is k6's.
const (
	exitBreached  = 99
	exitUndecided = 98
	exitFindings  = 97 // of lint and compare: what was asked about must not pass
)

// verdictError is a run that did not pass.
type verdictError struct {
	code  int
	words string
}

func (e verdictError) Error() string { return e.words }

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
	var verdict verdictError
	switch {
	case err == nil:
		return 0
	case badinput.Is(err), errors.As(err, &key), badConfig(err):
		return 2
	case errors.As(err, &verdict):
		return verdict.code
	default:
		return 1
	}
}
