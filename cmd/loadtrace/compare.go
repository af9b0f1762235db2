package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// comparison holds two summaries beside each other.
type comparison struct {
	where  shelf
	json   bool
	screen screen
}

func newCompare() *cobra.Command {
	var c comparison
	cmd := &cobra.Command{
		Use:   "compare FIRST SECOND",
		Short: "Show two runs side by side, and whether they may be compared",
		Long: `Show the figures of two runs side by side, and report whether they may be compared:
whether both measurements are sound, of plans that do the same, whose requests ended
alike, and were made in the same environment (docs/environment.md). If not, it reports
why, and shows no changes.

Each run is a file that loadtrace run --json wrote, or an archived run: an id or the
beginning of one, the word last, or the folder of an archive (loadtrace runs).

Attacks are matched by what they do, not by their names: what is sent, at which load,
with which settings of the client. Where they are sent may differ, so that two
deployments can be compared.

It does not judge the figures: two runs cannot distinguish a change from chance.

Exit codes: 0 the figures may be compared, or nothing says that they may not; 97 they
may not; 2 bad input: a flag, no such run, a file that cannot be read or is no summary.`,
		Example: `  loadtrace compare 2b9c7201 last
  loadtrace run plan.yaml --json > before.json
  loadtrace run plan.yaml --json > after.json
  loadtrace compare before.json after.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return badinput.Error(fmt.Errorf("want two runs, got %d arguments; write loadtrace compare before.json after.json", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.do(args[0], args[1], cmd.OutOrStdout()) },
	}
	c.where.flag(cmd.Flags())
	cmd.Flags().BoolVar(&c.json, "json", false, "print whether they may be compared, and why not, as JSON")
	cmd.Flags().StringVar(&c.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
	return cmd
}

func (c *comparison) do(first, second string, stdout io.Writer) error {
	if err := c.screen.check(); err != nil {
		return err
	}
	a, errA := c.where.summary(first)
	b, errB := c.where.summary(second)
	if err := errors.Join(errA, errB); err != nil {
		return badinput.Error(err)
	}
	found := summary.Comparable(a, b)
	var text bytes.Buffer
	if c.json {
		if err := printJSON(&text, found); err != nil {
			return fmt.Errorf("write the comparison: %w", err)
		}
	} else {
		terminal.Comparison(&text, a, b, found, c.screen.options(stdout))
	}
	if _, err := stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	if found.Answer == environment.Different {
		return verdictError{exitFindings, "the figures may not be compared: " + plaintext.Line(found.Obstacles[0])}
	}
	return nil
}

// Bounds of a summary.
const (
	maxAttacks = 1000    // as of a plan; those of two runs are matched each with each
	maxObjects = 300_000 // of JSON; an attack has less than a hundred
)

// tooMany reports what a summary has too many of, before it is decoded: {} takes kilobytes
// then.
func tooMany(src []byte) error {
	if n := bytes.Count(src, []byte("{")); n > maxObjects {
		return fmt.Errorf("more than %d objects", maxObjects)
	}
	var few struct {
		Attacks []json.RawMessage `json:"attacks"`
	}
	if json.Unmarshal(src, &few) == nil && len(few.Attacks) > maxAttacks {
		return fmt.Errorf("more than %d attacks", maxAttacks)
	}
	return nil
}

// readSummary reads what run --json wrote.
func readSummary(path string) (*summary.Summary, error) {
	src, err := readFile(path, maxSummaryFile)
	if err != nil {
		return nil, err
	}
	if err := tooMany(src); err != nil {
		return nil, fmt.Errorf("%s is no summary of a run: it has %w", path, err)
	}
	var s summary.Summary
	if err := json.Unmarshal(src, &s); err != nil {
		return nil, fmt.Errorf("%s is no summary of a run: %w; write one with loadtrace run --json", path, err)
	}
	if s.RunID == "" || len(s.Attacks) == 0 {
		return nil, fmt.Errorf("%s is no summary of a run: it has no run_id or no attacks; write one with loadtrace run --json", path)
	}
	return &s, nil
}
