package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/distribution"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/convert"
	"github.com/loadtrace/loadtrace/runs/query"
)

// exporting writes a run in a format of another tool.
type exporting struct {
	where   shelf
	format  string
	out     string
	filter  string
	columns []string
	time    string
}

func newRunsExport() *cobra.Command {
	var e exporting
	cmd := &cobra.Command{
		Use:   "export RUN",
		Short: "Write a run as CSV, JSON lines, vegeta's results or k6's summary",
		Long: `Write an archived run for another program, to standard output or a file:

  csv, jsonl   the columns of requests.parquet; times and durations are in ns
  vegeta       results in gob, which vegeta report, plot and encode read
  vegeta-json, vegeta-csv   the same in vegeta's other encodings
  k6           what k6 gives to handleSummary
  k6-export    what k6 writes with --summary-export

vegeta has no place for requests that were not sent; they are counted on standard
error. Its latency is the service time, or with --time response the response time.
docs/runs.md has the details.

Exit codes: 0 done; 2 bad input: a flag, no such run, a condition; 1 anything else,
such as an archive that is damaged, or output that could not be written.`,
		Example: `  loadtrace runs export last --format vegeta | vegeta report
  loadtrace runs export last --format csv --where "outcome == 'failed'" -o failed.csv
  loadtrace runs export last --format k6 -o summary.json`,
		Args: oneRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.do(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	e.where.flag(flags)
	flags.StringVar(&e.format, "format", "csv", "csv, jsonl, vegeta, vegeta-json, vegeta-csv, k6 or k6-export")
	flags.StringVarP(&e.out, "output", "o", "-", "`file` to write to; - is standard output")
	flags.StringVar(&e.filter, "where", "", "write only requests that meet a `condition`, as of loadtrace runs query")
	flags.StringSliceVar(&e.columns, "columns", nil, "`columns` of csv and jsonl, comma-separated (default all)")
	flags.StringVar(&e.time, "time", "service", "vegeta's latency: service or response")
	return cmd
}

// options are what the flags say.
func (e *exporting) options() (o convert.Options, err error) {
	var faults []error
	o.Format = convert.Format(e.format)
	known := []string{}
	for _, f := range convert.Formats() {
		known = append(known, string(f))
	}
	if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+e.format+" ") {
		faults = append(faults, fmt.Errorf("--format %s: write one of %s", plaintext.Line(e.format), strings.Join(known, ", ")))
	}
	if e.filter != "" {
		o.Where, err = query.Compile(e.filter)
		faults = append(faults, err)
	}
	if e.columns != nil {
		if o.Columns, err = query.ColumnsOf(e.columns); err != nil {
			faults = append(faults, fmt.Errorf("--columns: %w", err))
		}
		if o.Format != convert.CSV && o.Format != convert.JSONL {
			faults = append(faults, errors.New("--columns is for --format csv and jsonl"))
		}
	}
	switch e.time {
	case "service":
	case "response":
		o.Response = true
	default:
		faults = append(faults, fmt.Errorf("--time %s: write service or response", plaintext.Line(e.time)))
	}
	return o, errors.Join(faults...)
}

func (e *exporting) do(ctx context.Context, name string, stdout, stderr io.Writer) error {
	o, err := e.options()
	if err != nil {
		return badinput.Error(err)
	}
	run, err := e.where.open(name)
	if err != nil {
		return err
	}
	if f, ok := stdout.(*os.File); ok && e.out == "-" && o.Format == convert.Vegeta && xterm.IsTerminal(int(f.Fd())) {
		return badinput.Error(errors.New("vegeta's gob is not for a terminal: write -o results.gob, or pipe it into vegeta report"))
	}
	report, err := e.write(ctx, run, o, stdout)
	if err != nil {
		return fmt.Errorf("export the run: %w", err)
	}
	if report.NotSent > 0 {
		printLines(stderr, "not in the export: %s that had not been sent", plural(int(report.NotSent), "request"))
	}
	if report.Unknown > 0 {
		printLines(stderr, "not in the export: %s whose response time is not known", plural(int(report.Unknown), "request"))
	}
	return nil
}

// write writes to a file, or standard output. Of an export that fails it leaves no file.
func (e *exporting) write(ctx context.Context, run *archive.Run, o convert.Options, stdout io.Writer) (convert.Report, error) {
	if e.out == "-" {
		return convert.Export(ctx, stdout, run, o)
	}
	f, err := os.OpenFile(e.out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return convert.Report{}, badinput.Error(fmt.Errorf("--output: %w", err))
	}
	report, err := convert.Export(ctx, f, run, o)
	if err = errors.Join(err, f.Close()); err != nil {
		if info, gone := os.Stat(e.out); gone == nil && info.Mode().IsRegular() {
			os.Remove(e.out)
		}
	}
	return report, err
}

func newRunsImport() *cobra.Command {
	var where shelf
	var incomplete bool
	cmd := &cobra.Command{
		Use:   "import FILE…",
		Short: "Make archived runs of results of vegeta or ghz",
		Long: `Make an archived run of each file with results of another tool: what vegeta attack
wrote, in any of its encodings (gob, JSON, CSV), or what ghz wrote with --format json.
The format is recognized. A file is imported once.

What a file does not tell is unknown of the run: when requests were to be sent, and so
their response times; phases, traces, the environment. Service times, statuses and
errors can be listed, shown, queried, exported and compared.

Exit codes: 0 all were imported; 2 bad input: a file that is something else, is cut,
or was imported before; 1 the archive could not be written.`,
		Example: `  loadtrace runs import results.gob
  loadtrace runs import before.json after.json
  loadtrace compare last another-id`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return badinput.Error(errors.New("no file is named; write loadtrace runs import results.gob"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := where.root()
			if err != nil {
				return err
			}
			for _, path := range args {
				out, err := convert.Import(cmd.Context(), path, root, convert.ImportOptions{Incomplete: incomplete, Version: distribution.Version})
				if err != nil {
					return badinput.Error(err)
				}
				printImported(cmd.OutOrStdout(), out)
			}
			return nil
		},
	}
	where.flag(cmd.Flags())
	cmd.Flags().BoolVar(&incomplete, "incomplete", false, "import what is whole of a file that ends within a request")
	return cmd
}

func printImported(w io.Writer, i *convert.Imported) {
	printLines(w, "run %s: %s of %s's results in %s", i.Run, plural(int(i.Requests), "request"), i.From.Tool, plaintext.Line(i.From.File))
	for _, l := range i.Lacks {
		printLines(w, "  incomplete: %s", plaintext.Line(l))
	}
	printLines(w, "  unknown: %s", strings.Join(i.From.Unknown, "; "))
}
