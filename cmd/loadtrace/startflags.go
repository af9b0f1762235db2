package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// startFlags holds what the processes that run the shards of a plan agree on.
type startFlags struct {
	shard, runID, at string
}

func (b *startFlags) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&b.shard, "shard", "", "run one shard of the plan, while other processes run the others: INDEX/COUNT, the index from 0; needs --run-id and --start-at")
	flags.StringVar(&b.runID, "run-id", "", "name of the run, 16 hexadecimal digits (default: a new one)")
	flags.StringVar(&b.at, "start-at", "", "when the run begins, in RFC 3339, as in 2026-01-31T12:00:00Z (default: at once)")
}

// startOptions is the shard of the plan, the id of the run, and when it starts.
type startOptions struct {
	shard pace.Shard
	run   loadgen.RunID
	at    time.Time
}

// read checks the flags. What is missing is zero.
func (b *startFlags) read() (a startOptions, err error) {
	var errs []error
	if b.shard != "" {
		if a.shard, err = pace.ParseShard(b.shard); err != nil {
			errs = append(errs, fmt.Errorf("--shard: %w", err))
		}
		if b.runID == "" {
			errs = append(errs, errors.New("--run-id: is missing; all shards need the same id, for instance from openssl rand -hex 8"))
		}
		if b.at == "" {
			errs = append(errs, errors.New("--start-at: is missing; all shards need the same start time"))
		}
	}
	if b.runID != "" {
		if a.run, err = loadgen.ParseRunID(b.runID); err != nil {
			errs = append(errs, fmt.Errorf("--run-id: %w", err))
		}
	}
	if b.at != "" {
		if a.at, err = time.Parse(time.RFC3339Nano, b.at); err != nil {
			errs = append(errs, fmt.Errorf("--start-at: %q is not a time; write RFC 3339, for instance 2026-01-31T12:00:00Z", b.at))
		} else if late := time.Since(a.at); late > 0 {
			errs = append(errs, fmt.Errorf("--start-at: %s passed %s ago, by this machine's clock; give all shards a later time", b.at, late.Round(time.Millisecond)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return a, badinput.Error(err)
	}
	return a, nil
}

// announce says what there is to wait for.
func announce(w io.Writer, a startOptions) {
	if a.at.IsZero() {
		return
	}
	what := "the run"
	if !a.shard.Whole() {
		what = fmt.Sprintf("shard %s of run %s", a.shard, a.run)
	}
	fmt.Fprintf(w, "%s begins at %s, in %s\n", what, a.at.Format(time.RFC3339Nano), time.Until(a.at).Round(time.Second))
}
