package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/catalog"
)

// pruning removes runs by age and size.
type pruning struct {
	where     shelf
	as        shown
	age, size string
	dry       bool
}

func newRunsPrune() *cobra.Command {
	var p pruning
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove archived runs that are old, or too many",
		Long: `Remove the archived runs that are older than an age, and then the oldest until all
together are not larger than a size. The latest run stays whatever its size. What may
still be written to, and what cannot be read, stays too.

Exit codes: 0 done; 2 bad input; 1 an archive could not be removed.`,
		Example: `  loadtrace runs prune --dry-run
  loadtrace runs prune --max-age 7d --max-size 500MiB`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.do(cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	p.where.flag(flags)
	p.as.flags(flags, "print the runs that were removed as JSON")
	flags.StringVar(&p.age, "max-age", "30d", "remove runs that began longer ago, such as 7d or 12h; 0 removes none")
	flags.StringVar(&p.size, "max-size", "2GiB", "remove the oldest beyond this size of all, such as 500MiB; 0 removes none")
	flags.BoolVar(&p.dry, "dry-run", false, "print what would be removed, and remove nothing")
	return cmd
}

func (p *pruning) do(stdout io.Writer) error {
	retention, err := p.retention()
	if err = errors.Join(err, p.as.screen.check()); err != nil {
		return badinput.Error(err)
	}
	root, err := p.where.root()
	if err != nil {
		return err
	}
	remove := catalog.Prune
	if p.dry {
		remove = catalog.Expired
	}
	lines, failed := remove(root, retention, time.Now())
	if err := p.as.print(stdout, "what was removed", lines, func(w io.Writer, o terminal.Options) { terminal.Removed(w, lines, p.dry, o) }); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

func (p *pruning) retention() (r archive.Retention, err error) {
	r.MaxAge, err = days(p.age)
	if err != nil || r.MaxAge < 0 {
		return r, fmt.Errorf("--max-age %s: write a duration such as 30d or 12h", plaintext.Line(p.age))
	}
	size, err := humanize.ParseBytes(p.size)
	if err != nil || size > 1<<62 {
		return r, fmt.Errorf("--max-size %s: write a size such as 2GiB or 500MB", plaintext.Line(p.size))
	}
	r.MaxBytes = int64(size)
	return r, nil
}

// days reads a duration, which may be of days.
func days(text string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(text, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		return time.Duration(count) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}
