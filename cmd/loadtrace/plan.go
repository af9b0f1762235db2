package main

import (
	"context"
	"errors"
	"os"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// readPlan reads a plan no longer than ctx lasts, whose cause is then the error. Others
// are bad input.
func readPlan(ctx context.Context, path string, sets ...string) (*loadgen.Plan, error) {
	plan, err := planfile.Read(ctx, path, planfile.Set(sets...))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, badinput.Error(explained(path, err))
	}
	return plan, nil
}

// explained shows each fault of a plan at its place in the file. What is not a file cannot
// be read again.
func explained(path string, err error) error {
	if info, statErr := os.Stat(path); statErr != nil || !info.Mode().IsRegular() {
		return err
	}
	src, readErr := os.ReadFile(path)
	if readErr != nil {
		return err
	}
	return errors.New(planfile.Explain(err, src))
}
