package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/spelling"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/catalog"
)

// shelf is the folder of archived runs.
type shelf struct{ dir string }

func (s *shelf) flag(flags *pflag.FlagSet) {
	flags.StringVar(&s.dir, "archive", "", "`folder` of the archived runs (default $XDG_STATE_HOME/loadtrace/runs)")
}

// root is the folder: the flag's, or the one for the state of programs.
func (s *shelf) root() (string, error) {
	if s.dir != "" {
		return s.dir, nil
	}
	root, err := archive.DefaultRoot(os.Getenv, os.UserHomeDir)
	if err != nil {
		return "", badinput.Error(fmt.Errorf("%w; name it with --archive", err))
	}
	return root, nil
}

// open opens the run that a name means.
func (s *shelf) open(name string) (*archive.Run, error) {
	root, err := s.root()
	if err != nil {
		return nil, err
	}
	run, err := catalog.Open(root, name)
	if err != nil {
		return nil, badinput.Error(err)
	}
	return run, nil
}

// summary reads the summary of a run: a file, or what is in its archive.
func (s *shelf) summary(name string) (*summary.Summary, error) {
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() || err != nil && (filepath.Ext(name) == ".json" || !errors.Is(err, fs.ErrNotExist)) {
		return readSummary(name)
	}
	run, err := s.open(name)
	if err != nil {
		return nil, err
	}
	sum, err := catalog.Summary(run)
	if err == nil && len(sum.Attacks) > maxAttacks {
		err = fmt.Errorf("the run %s has more than %d attacks", name, maxAttacks)
	}
	return sum, err
}

// shown is how a command prints.
type shown struct {
	json   bool
	screen screen
}

func (s *shown) flags(flags *pflag.FlagSet, json string) {
	flags.BoolVar(&s.json, "json", false, json)
	flags.StringVar(&s.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
}

// print writes what draw draws, or a value as JSON.
func (s *shown) print(stdout io.Writer, what string, value any, draw func(io.Writer, terminal.Options)) error {
	var text bytes.Buffer
	if s.json {
		if err := printJSON(&text, value); err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
	} else {
		draw(&text, s.screen.options(stdout))
	}
	if _, err := stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

func newRuns() *cobra.Command {
	cmd := newRunsList()
	cmd.Use, cmd.Short = "runs", "List, show, query, export, import and remove archived runs"
	cmd.Long = `List the archived runs, the latest first; or do something with one:

A RUN is an id or the beginning of one, the word last, or the folder of an archive.

Exit codes: 0 done; 2 bad input: a flag, no such run, a condition or a file that
cannot be read; 1 anything else, such as an archive that is damaged.`
	cmd.Example = `  loadtrace runs
  loadtrace runs show last
  loadtrace runs query last "service_time > 50ms and gc_overlap"
  loadtrace runs export last --format vegeta | vegeta report`
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var known []string
		for _, c := range cmd.Commands() {
			known = append(known, c.Name())
		}
		if near, ok := spelling.Nearest(args[0], known); ok {
			return badinput.Error(fmt.Errorf("unknown command runs %s; did you mean runs %s?", plaintext.Line(args[0]), near))
		}
		return badinput.Error(fmt.Errorf("unknown command runs %s; to see a run, write loadtrace runs show %[1]s", plaintext.Line(args[0])))
	}
	list := newRunsList()
	list.Hidden = true // the same as runs alone
	cmd.AddCommand(list, newRunsShow(), newRunsQuery(), newRunsColumns(), newRunsExport(), newRunsImport(), newRunsPrune(), newRunsDelete())
	return cmd
}

func newRunsList() *cobra.Command {
	var where shelf
	var as shown
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the archived runs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := as.screen.check(); err != nil {
				return err
			}
			root, err := where.root()
			if err != nil {
				return err
			}
			lines, err := catalog.List(root, time.Now())
			if err != nil {
				return badinput.Error(err)
			}
			if lines == nil {
				lines = []catalog.Line{}
			}
			return as.print(cmd.OutOrStdout(), "the list of runs", lines, func(w io.Writer, o terminal.Options) { terminal.Runs(w, lines, root, o) })
		},
	}
	where.flag(cmd.Flags())
	as.flags(cmd.Flags(), "print the list as JSON")
	return cmd
}

// oneRun wants a name, and nothing else.
func oneRun(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return badinput.Error(fmt.Errorf("want one run, got %d arguments; write %s last, or another id of loadtrace runs", len(args), cmd.CommandPath()))
	}
	return nil
}

func newRunsShow() *cobra.Command {
	var where shelf
	var as shown
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Print the summary of a run again",
		Long: `Print the summary of an archived run, as loadtrace run printed it. A RUN is an id or
the beginning of one, the word last, or the folder of an archive.

Of a run that has no result, since it is under way or was killed, it prints what is
known of it; loadtrace runs query reads the requests that were written until then.

Exit codes: 0 the run has a result, whatever its verdict; 2 bad input: a flag, no such
run, an archive that cannot be read; 1 the run has no result.`,
		Example: `  loadtrace runs show last
  loadtrace runs show 2b9c7201 --json | jq .verdict`,
		Args: oneRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := as.screen.check(); err != nil {
				return err
			}
			run, err := where.open(args[0])
			if err != nil {
				return err
			}
			sum, err := catalog.Summary(run)
			if err != nil {
				if !as.json {
					terminal.Unfinished(cmd.OutOrStdout(), run.Info(), as.screen.options(cmd.OutOrStdout()))
				}
				return err
			}
			return as.print(cmd.OutOrStdout(), "the summary", sum, func(w io.Writer, o terminal.Options) {
				terminal.Summary(w, *sum, o)
				terminal.Archived(w, run.Info(), o)
			})
		},
	}
	where.flag(cmd.Flags())
	as.flags(cmd.Flags(), "print the summary as JSON, as loadtrace run --json does")
	return cmd
}

func newRunsDelete() *cobra.Command {
	var where shelf
	cmd := &cobra.Command{
		Use:   "delete RUN…",
		Short: "Remove archived runs",
		Long: `Remove archived runs: all files of their archives. It removes nothing outside the
folder of archives, and no run that may still be written to.

Exit codes: 0 all were removed; 2 bad input: no such run, or one that is under way;
1 an archive could not be removed.`,
		Example: `  loadtrace runs delete 2b9c7201 last`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return badinput.Error(errors.New("no run is named; loadtrace runs lists them"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := where.root()
			if err != nil {
				return err
			}
			for _, name := range args {
				dir, err := catalog.Delete(root, name, time.Now())
				if err != nil {
					return badinput.Error(err)
				}
				printLines(cmd.OutOrStdout(), "removed %s", plaintext.Line(dir))
			}
			return nil
		},
	}
	where.flag(cmd.Flags())
	return cmd
}
