package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/attackline"
	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
)

// attack is what a command line says in place of a plan.
type attack struct {
	attackline.Line
	print bool // the plan, instead of running it
}

func (a *attack) addTo(flags *pflag.FlagSet) {
	a.AddTo(flags)
	flags.BoolVar(&a.print, "print-plan", false, "print the plan that the command line makes, as it was given, and run nothing")
}

// accept decides what the arguments of run are.
func (r *planRun) accept(args []string) error {
	a := &r.line
	switch {
	case len(args) == 0 && a.Any():
		return nil
	case len(args) != 1:
		return badinput.Error(fmt.Errorf("want one plan or one URL, got %d arguments; write loadtrace run http://127.0.0.1:8080/ or loadtrace run plan.yaml", len(args)))
	case attackline.IsURL(args[0]):
		a.URL = args[0]
		return nil
	}
	r.plan = args[0]
	if _, err := os.Stat(r.plan); errors.Is(err, os.ErrNotExist) && r.plan != "-" {
		if fault := attackline.WithoutScheme(r.plan); fault != nil {
			return badinput.Error(fault)
		}
		return badinput.Error(fmt.Errorf("%s: there is no such plan; loadtrace init writes one to start from, and a URL begins with http:// or https://", plaintext.Line(r.plan)))
	}
	if err := a.Apart(); err != nil {
		return badinput.Error(err)
	}
	if a.print {
		return badinput.Error(errors.New("--print-plan: prints the plan of a URL or of --grpc, and there is a plan already; leave it out"))
	}
	return nil
}

// readPlan reads the plan, or makes it of the command line.
func (r *planRun) readPlan(ctx context.Context) (*loadgen.Plan, error) {
	if !r.line.Any() {
		return readPlan(ctx, r.plan, r.sets()...)
	}
	plan, err := r.line.Line.Plan(r.sets()...)
	if err != nil {
		return nil, badinput.Error(err)
	}
	return plan, nil
}

// sets are the values that replace the plan's.
func (r *planRun) sets() []string {
	if r.pprof == "" {
		return r.set
	}
	return append([]string{"profiles.url=" + r.pprof}, r.set...)
}

// printPlan prints the plan of the command line, if it can be run.
func (r *planRun) printPlan() error {
	if _, err := r.line.Line.Plan(r.sets()...); err != nil {
		return badinput.Error(err)
	}
	text, err := r.line.Source(r.sets()...)
	if err != nil {
		return badinput.Error(err)
	}
	if _, err := r.stdout.Write(text); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// named replaces the keys in an error by the flags that the user wrote: the plan was made
// of the command line.
func (a *attack) named(err error) error {
	if !a.Any() {
		return err
	}
	return attackline.Named(err)
}
