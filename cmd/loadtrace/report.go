package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/report"
)

// reporting writes the HTML report of an archived run.
type reporting struct {
	archives, against, out string
}

func newReport() *cobra.Command {
	var r reporting
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write an HTML report of an archived run, or of two",
		Long: `Write a report of an archived run: one HTML file with its verdict, charts, figures
and slow requests, that needs no network and no server. RUN is last, the id of a run
or its beginning, or the directory of its archive. A run that goes on or was killed has
a report too, which says that it is incomplete.

With --against, the report holds a second run beside the first: the figures of both,
their changes if the two may be compared (loadtrace help compare), and their lines in
each chart.

loadtrace run --html writes the report of a run at its end, with the spans of its
slowest requests, which an archive does not have.

Exit codes: 0 the report was written, whatever the verdict; 2 bad input: a flag, or no
archive of that run; 1 anything else, such as an archive that cannot be read.`,
		Example: `  loadtrace report last
  loadtrace report 2b9c72 --out report.html
  loadtrace report last --against 4f0c71`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return badinput.Error(fmt.Errorf("want one run, got %d arguments; write loadtrace report last", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.do(args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.against, "against", "", "a second `run`, to hold against the first")
	flags.StringVar(&r.out, "out", "", "`file` to write, - for standard output (default report-ID.html here)")
	flags.StringVar(&r.archives, "archive", "", "`directory` of the archives (default $XDG_STATE_HOME/loadtrace/runs, or ~/.local/state/loadtrace/runs)")
	return cmd
}

func (r *reporting) do(name string, stdout, stderr io.Writer) error {
	run, err := r.open(name)
	if err != nil {
		return err
	}
	var other *archive.Run
	if r.against != "" {
		if other, err = r.open(r.against); err != nil {
			return err
		}
	}
	var page bytes.Buffer
	if err := reportOn(&page, run, other); err != nil {
		return err
	}
	path := r.out
	switch path {
	case "-":
		if _, err := stdout.Write(page.Bytes()); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		return nil
	case "":
		path = "report-" + run.ID().String() + ".html"
	}
	if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
		return badinput.Error(fmt.Errorf("--out: %w; name a file that can be written, or - for standard output", err))
	}
	printLines(stderr, "The report is in %s", path)
	return nil
}

// open finds and opens an archive.
func (r *reporting) open(name string) (*archive.Run, error) {
	root, err := r.archives, error(nil)
	if root == "" {
		root, err = archive.DefaultRoot(os.Getenv, os.UserHomeDir)
	}
	dir := ""
	if err == nil {
		dir, err = archive.Find(root, name)
	}
	if err != nil {
		return nil, badinput.Error(err)
	}
	run, err := archive.Open(dir)
	if err != nil {
		return nil, badinput.Error(err)
	}
	return run, nil
}

// reportOn writes the page of one run, or of two.
func reportOn(w io.Writer, run, other *archive.Run) error {
	first, err := report.Archived(run)
	if err != nil {
		return err
	}
	var second *report.Data
	if other != nil {
		if second, err = report.Archived(other); err != nil {
			return err
		}
	}
	return report.HTML(w, first, second)
}
