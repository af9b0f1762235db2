package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/coordinator"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// coordinate is where a shard reports, if it does.
type coordinate struct {
	url, tokenFile string
	reporter       *coordinator.Reporter // nil: nowhere
}

func (c *coordinate) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&c.url, "coordinate", "", "report this shard to a collector of all shards, loadtrace merge --listen, at this `URL`; needs --shard and --token-file")
	flags.StringVar(&c.tokenFile, "token-file", "", "`file` with the secret that the shards and their collector share")
}

// open checks the flags and begins to report, if that is asked for: also for a shard that
// is known, and cannot begin, so that its collector does not wait for it.
func (c *coordinate) open(as startOptions, note func(string)) error {
	switch {
	case c.url == "" && c.tokenFile == "":
		return nil
	case c.url == "":
		return badinput.Error(errors.New("--token-file: is of no use without --coordinate"))
	case c.tokenFile == "":
		return badinput.Error(errors.New("--token-file: is missing; --coordinate needs the secret of the collector, for instance of openssl rand -hex 16"))
	case as.shard.Count == 0:
		return badinput.Error(errors.New("--shard: is missing; --coordinate is for the shards of a run"))
	}
	token, err := coordinator.ReadToken(c.tokenFile)
	if err != nil {
		return badinput.Error(fmt.Errorf("--token-file: %w", err))
	}
	target := coordinator.Target{URL: c.url, Token: token, Run: as.run.String(), Shard: as.shard}
	if err := target.Check(); err != nil {
		return badinput.Error(fmt.Errorf("--coordinate: %w", err))
	}
	c.reporter = coordinator.Start(target, note)
	return nil
}

// named reports whether the shard and its run are known, whatever else is wrong.
func (o *startOptions) named() bool {
	return o.shard.Count > 0 && o.shard.Check() == nil && o.run != (loadgen.RunID{})
}

// watched is for session.Options.
func (c *coordinate) watched() func() bool {
	if c.reporter == nil {
		return nil
	}
	return c.reporter.Watched
}

func (c *coordinate) began(run *session.Run) {
	if c.reporter != nil {
		c.reporter.Began(run)
	}
}

// mark notes in the summary what the collector did.
func (c *coordinate) mark(s *summary.Summary) {
	if c.reporter != nil {
		c.reporter.Mark(s)
	}
}

// close hands over the summary, or the error of a shard that has none. It reports whether
// the collector took the summary, so that the verdict is now its to give.
func (c *coordinate) close(ctx context.Context, s *summary.Summary, failed error) (taken bool, err error) {
	switch {
	case c.reporter == nil:
		return false, nil
	case s.RunID != "":
		err = c.reporter.Done(ctx, s)
	case failed != nil:
		err = c.reporter.Failed(ctx, failed)
	default:
		err = c.reporter.Failed(ctx, errors.New("it ended without a summary"))
	}
	if err != nil {
		return false, fmt.Errorf("hand the summary to the collector of the shards: %w", err)
	}
	return s.RunID != "", nil
}
