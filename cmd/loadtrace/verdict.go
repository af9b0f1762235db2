package main

import (
	"errors"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// judgement is the verdict as an error; nil if the run passed, or is sound and had
// nothing to pass. interrupted says that somebody stopped the run, and signals how many
// came until now.
//
// An interrupted run is an error of its own, since scripts repeat what is undecided and
// should not repeat this. So is a run whose telemetry was given up at a second signal:
// whether that makes it undecided depends on the moment. If a threshold had ended the run
// before, the breach is the error.
func judgement(sum *summary.Summary, interrupted bool, signals int64) error {
	v := &sum.Verdict
	switch {
	case (interrupted || signals > 0) && v.Aborted():
		return verdictError{exitBreached, "fail: " + plaintext.Line(v.Breach())}
	case sum.End == summary.Stopped && interrupted:
		return errors.New("the run was stopped before its end")
	case signals > 1, signals > 0 && v.Verdict == verdict.Undecided:
		return errors.New("the run was interrupted while its telemetry was delivered")
	case v.Verdict == verdict.Fail:
		return verdictError{exitBreached, "fail: " + plaintext.Line(v.Cause())}
	case v.Verdict == verdict.Undecided:
		return verdictError{exitUndecided, "undecided: " + plaintext.Line(v.Cause())}
	}
	return nil
}
