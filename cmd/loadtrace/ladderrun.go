package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/internal/ladderrun"
	"github.com/loadtrace/loadtrace/internal/terminal"
)

// steps returns the user's variants, or those of the demo service.
func (c *ladderCommand) steps(ctx context.Context) ([]ladderrun.Variant, error) {
	if c.plan != "" {
		plan, err := readPlan(ctx, c.plan)
		if err != nil {
			return nil, err
		}
		own := ladderrun.Own{Path: c.plan, Plan: plan, Variants: c.variants, Under: c.under()}
		return own.Prepare()
	}
	if len(c.variants) > 0 {
		return nil, badinput.Error(errors.New("--variant: needs a plan that attacks the variants; write loadtrace ladder plan.yaml, and then the variants"))
	}
	program, err := demoService()
	if err != nil {
		return nil, err
	}
	service := ladderrun.Demo{Program: program, Under: c.under(), Workers: c.workers, Duration: c.duration, WarmUp: c.warmUp}
	return service.Prepare(), nil
}

// under pins the service to its processors, where that is wanted. Go takes their
// number for GOMAXPROCS.
func (c *ladderCommand) under() []string {
	if c.cpus == "" {
		return nil
	}
	return []string{"taskset", "--cpu-list", c.cpus}
}

func (c *ladderCommand) do(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	relaxGC()
	signals := watchSignals(ctx) // before NotifyContext, whose context ends with another error
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	list, err := c.steps(signals.early)
	signals.stop()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "loadtrace-ladder")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	shown := newLadderProgress(c.stderr, c.screen.options(c.stderr), c.quiet, c.rounds, len(list))
	up := ladderrun.Runner{Rounds: c.rounds, Dir: dir, Attack: unseen(context.Background()), Begin: shown.begin, End: shown.end}
	variants, err := up.Measure(ctx, list)
	shown.close()
	if err != nil {
		return err
	}
	result := ladder.New(variants)
	if err := c.print(&result); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return trusted(&result)
}

func (c *ladderCommand) print(r *ladder.Result) error {
	if !c.json {
		return terminal.Ladder(c.stdout, r, c.screen.options(c.stdout))
	}
	return printJSON(c.stdout, r)
}

// trusted is nil if the result decides anything.
func trusted(r *ladder.Result) error {
	if len(r.Undecided) > 0 {
		return verdictError{exitUndecided, "undecided: " + r.Undecided[0]}
	}
	return nil
}
