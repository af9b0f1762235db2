package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/coordinator"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// collect is where the shards of a run report, and what of it is known beforehand.
type collect struct {
	address, run, tokenFile string
	shards                  int
	wait                    time.Duration
}

func (c *collect) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&c.address, "listen", "", "wait for the shards of a run at this TCP `address`, such as :4319; needs --shards, --run-id and --token-file")
	flags.IntVar(&c.shards, "shards", 0, "how many shards the run has")
	flags.StringVar(&c.run, "run-id", "", "the run's `ID`, 16 hexadecimal digits")
	flags.StringVar(&c.tokenFile, "token-file", "", "`file` with the secret that the shards have too")
	flags.DurationVar(&c.wait, "wait", 10*time.Minute, "how long each shard may take to report for the first time")
}

// options are those of a collector, from flags that are whole.
func (c *collect) options(note func(string)) (o coordinator.Options, err error) {
	var faults []error
	if _, err := loadgen.ParseRunID(c.run); err != nil {
		faults = append(faults, fmt.Errorf("--run-id: %w", err))
	}
	if c.shards < 1 {
		faults = append(faults, fmt.Errorf("--shards: %d: write how many shards the run has", c.shards))
	}
	if c.wait <= 0 {
		faults = append(faults, fmt.Errorf("--wait: %s: write how long to wait, such as 10m", c.wait))
	}
	token := ""
	if c.tokenFile == "" {
		faults = append(faults, errors.New("--token-file: is missing; write a secret into a file, for instance of openssl rand -hex 16"))
	} else if token, err = coordinator.ReadToken(c.tokenFile); err != nil {
		faults = append(faults, fmt.Errorf("--token-file: %w", err))
	}
	if err := errors.Join(faults...); err != nil {
		return o, badinput.Error(err)
	}
	return coordinator.Options{Run: c.run, Count: c.shards, Token: token, Wait: c.wait, Note: note}, nil
}

// all waits for all shards.
func (c *collect) all(ctx context.Context, note func(string)) ([]summary.Input, map[int]string, error) {
	o, err := c.options(note)
	if err != nil {
		return nil, nil, err
	}
	collector, err := coordinator.Listen(ctx, c.address, o)
	if err != nil {
		return nil, nil, badinput.Error(fmt.Errorf("--listen: %w", err))
	}
	found, lost := collector.Collect(ctx)
	return found, lost, collector.Close()
}
