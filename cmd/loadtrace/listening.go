package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/loadgen"
)

// chooseListen decides where the target's telemetry is taken.
func (r *planRun) chooseListen(listenAt []string) error {
	want, err := session.ParseListen(listenAt)
	switch {
	case err != nil:
		return err
	case len(r.configs) > 0 && r.ListenAsked && want.Any():
		return badinput.Error(errors.New("--listen and --config exclude each other: put a receiver otlp into the configuration"))
	case len(r.configs) > 0:
		return nil
	case r.OTLP != "" && want.Meets(r.OTLP) && r.ListenAsked:
		return badinput.Error(fmt.Errorf("--otlp %s: is where --listen takes telemetry; it would go in a circle, so name two addresses", loadgen.RedactURL(r.OTLP)))
	case r.OTLP != "" && want.Meets(r.OTLP):
		return nil // a collector is there, and gets the target's telemetry itself
	case r.ListenAsked:
		r.Listen = want
		return nil
	}
	var taken []string
	if r.Listen, taken = want.Free(); len(taken) > 0 {
		r.note(strings.Join(taken, " and ") + " is in use, so nothing of the target is taken there; --listen names another address.")
	}
	return nil
}

// note tells something beside the run.
func (r *planRun) note(line string) {
	if !r.quiet {
		printLines(r.stderr, "%s", line)
	}
}
