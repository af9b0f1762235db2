package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/query"
)

// asking finds requests of a run.
type asking struct {
	where     shelf
	as        shown
	columns   []string
	sortBy    string
	ascending bool
	limit     int
}

func newRunsQuery() *cobra.Command {
	var q asking
	cmd := &cobra.Command{
		Use:   "query RUN [CONDITION]",
		Short: "Find requests of a run by a condition",
		Long: `Find the requests of an archived run that meet a condition over their columns, which
loadtrace runs columns lists (docs/runs.md). Without a condition, all meet it.

Conditions have and, or, not, ==, !=, <, <=, >, >=, in [a, b], matches (a regular
expression), contains, startsWith, endsWith; durations with units: 50ms; texts in
quotes: outcome == "failed". A column of true or false stands alone: reused. So does
a text, which is there or not: error; and gc_overlap, which is possible or yes. A
comparison with a value that is missing is neither true nor false, as in SQL: neither
server_duration > 1s nor its opposite finds a request without a server span.
server_duration == nil does.

Exit codes: 0 done, also if no request was found; 2 bad input: a flag, no such run, a
condition; 1 anything else, such as an archive that is damaged.`,
		Example: `  loadtrace runs query last "service_time > 50ms and gc_overlap"
  loadtrace runs query last "outcome == 'failed'" --columns sent,error_type,error_message
  loadtrace runs query last "route matches '^/api'" --sort service_time --limit 5
  loadtrace runs query last --sort schedule_lag --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return badinput.Error(fmt.Errorf("want a run and a condition in quotes, got %d arguments; write loadtrace runs query last \"service_time > 50ms\"", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			condition := ""
			if len(args) == 2 {
				condition = args[1]
			}
			return q.do(cmd.Context(), args[0], condition, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	q.where.flag(flags)
	q.as.flags(flags, "print the requests as JSON")
	flags.StringSliceVar(&q.columns, "columns", nil, "`columns` to print, comma-separated")
	flags.StringVar(&q.sortBy, "sort", "", "`column` to sort by, the greatest first")
	flags.BoolVar(&q.ascending, "ascending", false, "sort the least first")
	flags.IntVar(&q.limit, "limit", 20, "print so many requests")
	return cmd
}

// search is what the flags say.
func (q *asking) search(run *archive.Run, condition string) (*query.Search, error) {
	s := &query.Search{Ascending: q.ascending, Limit: q.limit}
	var faults []error
	if q.limit < 1 || q.limit > query.MaxLimit {
		faults = append(faults, fmt.Errorf("--limit %d: write a number from 1 to %d; loadtrace runs export --where writes any number", q.limit, query.MaxLimit))
	}
	if condition != "" {
		where, err := query.Compile(condition)
		faults, s.Where = append(faults, err), where
	}
	if q.sortBy != "" {
		by, err := query.ColumnsOf([]string{q.sortBy})
		if err != nil {
			faults = append(faults, fmt.Errorf("--sort: %w", err))
		} else {
			s.SortBy = by[0]
		}
	}
	names := q.columns
	if names == nil {
		names = query.Default(len(run.Info().Attacks) > 1, s.SortBy)
	}
	columns, err := query.ColumnsOf(names)
	if err != nil {
		faults = append(faults, fmt.Errorf("--columns: %w", err))
	}
	s.Columns = columns
	return s, errors.Join(faults...)
}

func (q *asking) do(ctx context.Context, name, condition string, stdout io.Writer) error {
	if err := q.as.screen.check(); err != nil {
		return err
	}
	run, err := q.where.open(name)
	if err != nil {
		return err
	}
	search, err := q.search(run, condition)
	if err != nil {
		return badinput.Error(err)
	}
	found, err := search.Run(ctx, run)
	if err != nil {
		return err
	}
	return q.as.print(stdout, "the requests", foundJSON(run, search, found), func(w io.Writer, o terminal.Options) { terminal.Found(w, search, found, o) })
}

// foundJSON is what was found, for JSON, where times and durations are as in a summary.
func foundJSON(run *archive.Run, s *query.Search, f *query.Found) any {
	rows := make([]map[string]any, len(f.Rows))
	for i, row := range f.Rows {
		rows[i] = map[string]any{}
		for j, v := range row {
			switch v := v.(type) {
			case nil:
			case time.Duration:
				rows[i][s.Columns[j].Name] = v.Seconds()
			default:
				rows[i][s.Columns[j].Name] = v
			}
		}
	}
	return map[string]any{"run_id": run.Info().RunID, "scanned": f.Scanned, "matched": f.Matched, "requests": rows}
}

func newRunsColumns() *cobra.Command {
	return &cobra.Command{
		Use:   "columns",
		Short: "List the columns of requests, for query and export",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			terminal.Columns(cmd.OutOrStdout(), query.Columns, screen{color: "auto"}.options(cmd.OutOrStdout()))
			return nil
		},
	}
}
