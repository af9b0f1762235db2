package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/summaryfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// merger makes one run of the summaries of its shards.
type merger struct {
	presentation
	stdin   io.Reader
	collect collect
}

func newMerge() *cobra.Command {
	var m merger
	cmd := &cobra.Command{
		Use:   "merge SHARD...",
		Short: "Make one run, with one verdict, of the summaries of its shards",
		Long: `Make one run of the summaries that the shards of a plan printed with --json (run
--shard): files, directories with *.json files, or - for standard input. A file may have
several summaries, with other lines between them, as the logs of a Job do.

Counts and histograms add up exactly: each figure is the one that a single process
would have reported for the same requests. Thresholds are judged on the whole run, with
the limits of the undivided plan. The verdict is undecided if shards are missing or came
twice, or if a shard's own measurement cannot be trusted; each is named.

With --listen it takes no files: it waits for the shards of a run, which run
--coordinate has report here, and ends the run if all shards together breach a
threshold with abort. A shard that fails, or is silent for 30 seconds, is not waited
for.

The output is that of run. docs/merge.md has more.

Exit codes: 0 the run met its thresholds; 99 a threshold was breached; 98 undecided;
2 bad input: a file that is no summary, or shards that are not of one run; 1 anything
else.`,
		Example: `  loadtrace merge 0.json 1.json 2.json
  loadtrace merge results/ --json > run.json
  kubectl logs -l job-name=loadtrace-run --tail=-1 | loadtrace merge -
  loadtrace merge --listen :4319 --shards 4 --run-id 2b9c72011d13ef2c --token-file token`,
		Args: func(_ *cobra.Command, args []string) error { return m.accept(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			m.stdin, m.stdout, m.stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return m.do(cmd.Context(), args)
		},
	}
	m.collect.addTo(cmd.Flags())
	m.addReportsTo(cmd.Flags())
	m.addColorTo(cmd.Flags())
	return cmd
}

func (m *merger) accept(args []string) error {
	switch {
	case m.collect.address == "" && len(args) == 0:
		return badinput.Error(errors.New("want the summaries of shards; write loadtrace merge 0.json 1.json, or - for standard input"))
	case m.collect.address != "" && len(args) > 0:
		return badinput.Error(errors.New("--listen takes no files: merge those that it prints, or leave it out"))
	}
	return nil
}

func (m *merger) do(ctx context.Context, paths []string) error {
	if err := m.screen.check(); err != nil {
		return err
	}
	signals := watchSignals(ctx)
	defer signals.stop()
	if err := m.outputs.open(signals.early, m.json); err != nil {
		return err
	}
	defer m.outputs.close()
	if m.collect.address != "" {
		return m.wait(signals.early)
	}
	shards, err := summaryfile.NewReader(m.stdin).Read(paths)
	if err != nil {
		return badinput.Error(err)
	}
	return m.merge(shards, nil)
}

// wait takes the summaries from the shards themselves.
func (m *merger) wait(ctx context.Context) error {
	shards, lost, err := m.collect.all(ctx, func(line string) { printLines(m.stderr, "%s", line) })
	if err != nil {
		return err
	}
	if len(shards) == 0 {
		first := slices.Min(slices.Collect(maps.Keys(lost)))
		return fmt.Errorf("no shard left a summary; the first, %d/%d: %s", first, m.collect.shards, lost[first])
	}
	return m.merge(shards, lost)
}

func (m *merger) merge(shards []summary.Input, lost map[int]string) error {
	sum, err := summary.Merge(shards, lost)
	if err != nil {
		return badinput.Error(fmt.Errorf("merge the shards: %w", err))
	}
	if err := m.print(*sum); err != nil {
		return err
	}
	return judgement(sum, false, 0)
}
